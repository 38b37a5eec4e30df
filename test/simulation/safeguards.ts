/** What can be taken away, to see that somebody notices. */
export const SAFEGUARDS = [
  /** The bucket's conditional writes: If-Match and If-None-Match. */
  "conditions",
  /** The claim of a source. */
  "claim",
  /** The look at the clock before a write that others see. */
  "lease-check",
  /** The failure record, before the message is deleted. */
  "failure-record",
  /** A listing of the revision that shows what is there, before the pointers move. */
  "listing",
] as const;
export type Safeguard = (typeof SAFEGUARDS)[number];
