/** What a claim says that decides who finishes the remote job of an attempt. */
export interface SubmittedFacts {
  readonly state: string;
  /** Where the attempt that holds it, or submitted it, writes. */
  readonly revision?: string | undefined;
  /** Since it was written, by the clock of the store. */
  readonly ageSeconds: number;
}

/**
 * Whether the claim may be taken to finish the job of `revision`: `lost` when it is another attempt's by now, or nobody's;
 * `held` while somebody else finishes it. A holder that is gone is followed after the time in which a living one renews. Pure.
 */
export function decideSubmitted(
  claim: SubmittedFacts | undefined,
  { revision, expirySeconds }: { readonly revision: string; readonly expirySeconds: number },
): "take" | "held" | "lost" {
  if (claim?.revision !== revision) return "lost";
  if (claim.state === "submitted") return "take";
  if (claim.state !== "held") return "lost";
  return claim.ageSeconds < expirySeconds ? "held" : "take";
}
