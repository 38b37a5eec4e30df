import { JobError, LeaseLostError, OutputError, ShutdownError } from "../domain/errors.ts";
import type { FailureClass } from "../engines/failure-class.ts";
import type { RemoteEngine, RemoteEngineName } from "../engines/remote.ts";
import { discardRevision } from "../publish/discard.ts";
import { MAX_CRASHES } from "../state/claim-record.ts";
import type { RemoteRecord } from "../state/remote-records.ts";
import { giveUpRecord, removeRemoteRecord } from "../state/remote-records.ts";
import type { RemoteStep } from "./decide-remote.ts";
import type { FinishOutcome } from "./finish-remote.ts";
import type { Claim, ObjectStore } from "./ports.ts";

/** The claim of a job that was submitted, taken by the one who finishes it. */
export interface SubmittedClaim extends Claim {
  /** Attempts in a row to finish it whose worker was gone without a word. */
  readonly crashes: number;
  /** Puts it back to submitted, for whoever finishes the job later. Never rejects. */
  giveBack(): Promise<void>;
}

/**
 * Takes the claim of a remote job; undefined when it says another attempt, or none, by now: the job's work is for nobody.
 * Throws ClaimHeldError while somebody else finishes it.
 */
export type TakeSubmitted = (record: RemoteRecord, signal: AbortSignal) => Promise<SubmittedClaim | undefined>;

/** What settling a remote job needs from outside. */
export interface RemoteDeps {
  readonly state: ObjectStore;
  readonly published: ObjectStore;
  readonly engines: ReadonlyMap<RemoteEngineName, Pick<RemoteEngine, "read" | "cancel">>;
  readonly takeSubmitted: TakeSubmitted;
  /** Publishes under the claim. */
  readonly finish: (record: RemoteRecord, claim: Claim) => Promise<FinishOutcome>;
  /** Hands the job to the next engine, or to its failure; durable when it resolves, and harmless when it is done twice. */
  readonly moveOn: (record: RemoteRecord, reason: string, claim: Claim) => Promise<void>;
  /** Told what the end of a job says of its service. */
  readonly judge?: (engine: RemoteEngineName, end: "done" | FailureClass) => void;
  /** Whether the source is another one by now. */
  readonly isOverwritten?: (record: RemoteRecord, signal: AbortSignal) => Promise<boolean>;
  /** Whether a failure to publish it is the last. */
  readonly isOverdue?: (record: RemoteRecord) => boolean;
  readonly now?: () => Date;
}

/** What came of one step: `lost` is a job whose work was for nobody any more. */
export type RemoteOutcome = FinishOutcome | "waiting" | "moved-on" | "lost";

/**
 * Does what is next for a remote job. A worker that is killed anywhere in it leaves a record of which the same step leads to
 * the same end: the job is published or handed on before its record goes, and never both. Throws ClaimHeldError and what the
 * stages throw; the record stays then.
 */
export async function settleRemote(record: RemoteRecord, step: RemoteStep, { deps, signal }: Settling): Promise<RemoteOutcome> {
  if (step.kind === "wait") return "waiting";
  if (step.kind === "forget") return forget(record, { deps, signal });
  return settleClaimed(record, step, { deps, signal });
}

type ClaimedStep = Exclude<RemoteStep, { readonly kind: "wait" | "forget" }>;

async function settleClaimed(record: RemoteRecord, step: ClaimedStep, { deps, signal }: Settling): Promise<RemoteOutcome> {
  const claim = await deps.takeSubmitted(record, signal);
  if (!claim) return abandon(record, step, { deps, signal });
  const settling = { deps, signal: claim.signal };
  if (step.kind === "drop") return drop(record, claim, { deps, signal });
  if (claim.crashes >= MAX_CRASHES) {
    const reason = `${claim.crashes} attempts to publish it ended with their worker`;
    return moveOn(record, { reason, isOver: true, claim }, settling);
  }
  try {
    if (step.kind === "move-on") return await moveOn(record, { ...step, claim }, settling);
    const outcome = await deps.finish(record, claim);
    deps.judge?.(record.engine, "done");
    await claim.end(outcome);
    await removeRemoteRecord(deps.state, record, signal);
    return outcome;
  } catch (thrown) {
    const error: unknown = claim.signal.aborted ? claim.signal.reason : thrown;
    const verdict = verdictOn(error, deps.isOverdue?.(record) === true);
    if (verdict) return moveOn(record, { ...verdict, isOver: true, claim }, settling);
    await claim.giveBack();
    throw error;
  }
}

/**
 * What the service wrote will be no better the next time it is looked at, and what cannot be published is told of by the job
 * itself. Undefined for what may pass while there is time.
 */
function verdictOn(error: unknown, isLast: boolean): Pick<Moving, "reason" | "cause"> | undefined {
  if (error instanceof OutputError) return { reason: error.message, cause: "retry" };
  const isOurs = error instanceof ShutdownError || error instanceof LeaseLostError;
  if (isLast && !isOurs) return { reason: `it could not be published in time: ${error instanceof Error ? error.message : String(error)}` };
  return error instanceof JobError && error.disposition === "reject" ? { reason: error.message } : undefined;
}

/** What every step of one job has at hand. */
export interface Settling {
  readonly deps: RemoteDeps;
  readonly signal: AbortSignal;
}

interface Moving {
  readonly reason: string;
  readonly isOver: boolean;
  readonly claim: SubmittedClaim;
  readonly cause?: FailureClass;
}

async function moveOn(record: RemoteRecord, { reason, isOver, claim, cause }: Moving, settling: Settling): Promise<RemoteOutcome> {
  try {
    await settling.deps.moveOn(record, reason, claim);
  } catch (error) {
    await claim.giveBack();
    throw error;
  }
  if (cause) settling.deps.judge?.(record.engine, cause);
  await claim.end("failed");
  await (isOver ? forget(record, settling) : giveUp(record, settling));
  return "moved-on";
}

async function drop(record: RemoteRecord, claim: SubmittedClaim, settling: Settling): Promise<RemoteOutcome> {
  await claim.end("stale");
  return giveUp(record, settling);
}

/** Another attempt has the source: a job that may still write is ended first, and forgotten when it has ended. */
async function abandon(record: RemoteRecord, step: RemoteStep, settling: Settling): Promise<RemoteOutcome> {
  const mayStillWrite = step.kind === "drop" || (step.kind === "move-on" && !step.isOver);
  return mayStillWrite ? giveUp(record, settling) : forget(record, settling);
}

async function giveUp(record: RemoteRecord, { deps, signal }: Settling): Promise<RemoteOutcome> {
  const { state, engines, now = () => new Date() } = deps;
  await giveUpRecord(state, { name: record, at: now() }, signal);
  // One that cannot be cancelled ends by itself, and is forgotten then.
  await engines
    .get(record.engine)
    ?.cancel(record.remoteId, signal)
    .catch(() => undefined);
  return "lost";
}

/** A revision that asset.json names stays. */
async function forget(record: RemoteRecord, { deps, signal }: Settling): Promise<RemoteOutcome> {
  await discardRevision(deps.published, { assetPath: record.admitted.assetPath, revision: record.revision });
  await removeRemoteRecord(deps.state, record, signal);
  return "lost";
}
