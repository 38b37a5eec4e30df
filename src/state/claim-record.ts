import { z } from "zod";
import { ENGINES } from "../domain/job.ts";

const measuredContent = z.object({
  kind: z.literal("measured"),
  width: z.int().positive(),
  height: z.int().positive(),
  windowBps: z.array(z.number()).min(1).readonly(),
  sizeExponent: z.number(),
  ssim: z.number(),
  cpuSecondsPerFrame: z.number(),
});

/** What a person finds in claims/<id>.json: who works, or worked last, on one source for one asset path and ladder. */
const claimRecord = z.object({
  ladderd: z.literal(1),
  jobId: z.string(),
  messageId: z.string(),
  /** Random, of one attempt: the answer to a lost write is recognised by it. */
  holder: z.string(),
  /** Grows with each taking. */
  term: z.int().min(1),
  state: z.enum(["held", "ended"]),
  /** How the attempt ended. */
  outcome: z.string().optional(),
  /** Attempts in a row whose worker was gone without a word. */
  crashes: z.int().min(0),
  /** What an attempt that did not finish left to the next one. */
  left: z
    .object({
      revision: z.string(),
      planHash: z.string(),
      content: measuredContent.optional().catch(undefined),
      isDamaged: z.boolean().optional(),
    })
    .optional(),
  /**
   * The job that an attempt asks a service for, from before it does. While the service works, the claim has ended as
   * "submitted": a state of its own would be no claim to a version before this one, and the crashes and the term lost with it.
   */
  remote: z
    .object({ engine: z.enum(ENGINES).exclude(["ffmpeg"]), token: z.string(), revision: z.string(), intendedAt: z.string() })
    .optional()
    .catch(undefined),
  /** Engines that failed this source. */
  tried: z.array(z.enum(ENGINES)).readonly().optional().catch(undefined),
  /** Of them: those that will never do it. */
  refused: z.array(z.enum(ENGINES)).readonly().optional().catch(undefined),
  takenAt: z.string(),
  renewedAt: z.string(),
});
export type ClaimRecord = z.infer<typeof claimRecord>;

/** A record that cannot be read is nobody's claim: the compare-and-swap that replaces it still names its ETag. */
export function parseClaim(text: string): ClaimRecord | undefined {
  try {
    return claimRecord.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** After so many attempts in a row that took their worker along a source is poison (RELIABILITY.md R-Q10). */
export const MAX_CRASHES = 3;

export type ClaimDecision =
  | ({ readonly kind: "take"; readonly term: number; readonly crashes: number } & Carried)
  | { readonly kind: "held" }
  /** A service works at it. */
  | { readonly kind: "submitted" }
  | { readonly kind: "poison"; readonly crashes: number };

/** What one attempt leaves to the next. */
type Carried = Partial<Pick<ClaimRecord, "left" | "remote" | "tried" | "refused">>;

export interface ClaimFacts {
  readonly messageId: string;
  /** Since the record was written, by the clock of the store that keeps it: clocks of workers differ. */
  readonly ageSeconds: number;
  /** After so long without renewal its holder has given up by its own clock. */
  readonly expirySeconds: number;
  /** A claim that is renewed is always younger, and older when the message of a holder that is gone comes back. */
  readonly renewedWithinSeconds: number;
  readonly maxCrashes: number;
}

/**
 * Who may work on a source. The age of the claim tells: a message that comes back because the lease of its holder ended
 * finds a claim that nobody renewed meanwhile, one that SQS delivered twice finds a fresh one; against another message's
 * holder the claim must have expired (ARCHITECTURE.md, one publish per source).
 */
export function decideClaim(record: ClaimRecord | undefined, facts: ClaimFacts): ClaimDecision {
  if (!record) return { kind: "take", term: 1, crashes: 0 };
  const { term, state, crashes: before } = record;
  if (isSubmitted(record) && facts.ageSeconds < FORGOTTEN_SECONDS) return { kind: "submitted" };
  const kept = carriedOf(record);
  if (state === "ended") return { kind: "take", term: term + 1, crashes: isBroken(record) ? before : 0, ...kept };
  if (facts.ageSeconds < (record.messageId === facts.messageId ? facts.renewedWithinSeconds : facts.expirySeconds)) return { kind: "held" };
  const crashes = before + 1;
  return crashes >= facts.maxCrashes ? { kind: "poison", crashes } : { kind: "take", term: term + 1, crashes, ...kept };
}

/** Whether a service works at the source, and nobody else has it. */
export const isSubmitted = ({ state, outcome, remote }: ClaimRecord): boolean =>
  state === "ended" && outcome === "submitted" && remote !== undefined;

/** No service works so long at a job, and whoever finishes it writes the claim: the record of the remote job is lost. */
const FORGOTTEN_SECONDS = 7 * 86_400;

/** A job that is known to have failed is not looked for again. */
function carriedOf({ left, remote, tried, refused }: ClaimRecord): Carried {
  const isOver = remote === undefined || tried?.includes(remote.engine) === true;
  return { ...(left ? { left } : {}), ...(isOver ? {} : { remote }), ...(tried ? { tried } : {}), ...(refused ? { refused } : {}) };
}

/** Ended without a result: the crashes before it still count. */
const isBroken = ({ outcome }: ClaimRecord): boolean => outcome === "released" || outcome === "abandoned" || outcome === "failed";
