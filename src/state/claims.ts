import { randomBytes } from "node:crypto";
import { ClaimHeldError, LeaseLostError, ResourceError, StorageError } from "../domain/errors.ts";
import type { Claim, ClaimRequest, ObjectStore, Outcome, Remains, TakeClaim } from "../pipeline/ports.ts";
import { AlreadySubmitted, PreconditionFailed } from "../pipeline/ports.ts";
import type { SubmittedClaim, TakeSubmitted } from "../pipeline/settle-remote.ts";
import { sha256 } from "../publish/identity.ts";
import type { Lease, LeaseOptions } from "../queue/lease.ts";
import { holdLease } from "../queue/lease.ts";
import type { ClaimRecord } from "./claim-record.ts";
import { decideClaim, isSubmitted, MAX_CRASHES, parseClaim } from "./claim-record.ts";
import { decideSubmitted } from "./decide-submitted.ts";

export interface ClaimOptions {
  readonly store: Pick<ObjectStore, "readText" | "writeText">;
  /** The rhythm of the message's lease: both are lost alike. */
  readonly lease: Pick<LeaseOptions, "visibilitySeconds" | "everySeconds" | "marginSeconds" | "clock">;
  readonly now?: () => Date;
  readonly newHolder?: () => string;
}

/**
 * Of the visibility. The rhythm of renewals is below half of it (a rule of the configuration), and message and claim are
 * renewed in it alike: a living claim is younger, and the claim of a worker that is gone older when its message returns.
 */
const RENEWED_WITHIN = 0.5;
const MAX_ROUNDS = 8;
/** A store that does not answer holds up no stop (RELIABILITY.md R-D2): a claim that is not given up expires. */
const STOPPED_WITHIN_MS = 2000;
const HEADERS = { contentType: "application/json", cacheControl: "no-store" };

/** Claims as records that are only ever replaced by compare-and-swap (ARCHITECTURE.md, one publish per source). */
export function claimTaker(options: ClaimOptions): TakeClaim {
  const { store, newHolder = () => randomBytes(8).toString("hex"), now = () => new Date() } = options;
  return async (request, signal) => {
    const key = keyOf(request);
    const holder = newHolder();
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const there = await readClaim(store, key, signal);
      // The answer to our own first write may have been lost.
      if (there?.record?.holder === holder) return hold({ key, record: there.record, etag: there.etag }, { ...options, now }, signal);
      const record = nextRecord(there, { request, holder, options, now });
      const etag = await swap(options, { key, record, etag: there?.etag }, signal);
      if (etag !== undefined) return hold({ key, record, etag }, { ...options, now }, signal);
    }
    throw new StorageError(`claim ${key} changed ${MAX_ROUNDS} times while it was taken`);
  };
}

/**
 * Claims of jobs that were submitted, for whoever finishes them. The one that is given back, or whose holder is gone, is
 * taken again.
 */
export function submittedTaker(options: ClaimOptions): TakeSubmitted {
  const { store, newHolder = () => randomBytes(8).toString("hex"), now = () => new Date(), lease } = options;
  return async (remote, signal) => {
    const key = keyOf(remote.admitted);
    const holder = newHolder();
    const mine = { ...options, now };
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const there = await readClaim(store, key, signal);
      if (there?.record?.holder === holder) return finishing({ key, record: there.record, etag: there.etag }, mine, signal);
      const before = recordToFinish(there, { remote, expirySeconds: lease.visibilitySeconds });
      if (!before) return undefined;
      const at = now().toISOString();
      const record = { ...before, holder, messageId: remote.messageId, term: before.term + 1, takenAt: at, renewedAt: at };
      const etag = await swap(options, { key, record, etag: there?.etag }, signal);
      if (etag !== undefined) return finishing({ key, record, etag }, mine, signal);
    }
    throw new StorageError(`claim ${key} changed ${MAX_ROUNDS} times while it was taken`);
  };
}

interface ToFinish {
  readonly remote: Parameters<TakeSubmitted>[0];
  readonly expirySeconds: number;
}

/** What the claim becomes when it may be taken; undefined when the job is another's or nobody's. */
function recordToFinish(there: StoredClaim | undefined, { remote, expirySeconds }: ToFinish): ClaimRecord | undefined {
  if (!there?.record) return undefined;
  const { revision, job } = remote;
  const decision = decideSubmitted({ ...factsOf(there.record), ageSeconds: there.ageSeconds }, { revision, expirySeconds });
  if (decision === "held") throw new ClaimHeldError("somebody else finishes this job", { facts: { jobId: job.id } });
  if (decision === "lost") return undefined;
  const { state, crashes } = there.record;
  return { ...there.record, state: "held", outcome: undefined, crashes: state === "held" ? crashes + 1 : crashes };
}

const factsOf = (record: ClaimRecord) => ({
  state: isSubmitted(record) ? "submitted" : record.state,
  revision: record.remote?.revision,
});

function finishing(taken: Held, options: ClaimOptions & { readonly now: () => Date }, signal: AbortSignal): SubmittedClaim {
  const claim = hold(taken, options, signal);
  return { ...claim, crashes: taken.record.crashes, giveBack: () => claim.end("submitted") };
}

/** One for each source, its contents, the ladder and the place: two jobs that name different places do not wait for each other. */
const keyOf = ({ sourceId, ladderHash, assetPath }: Pick<ClaimRequest, "sourceId" | "ladderHash" | "assetPath">): string =>
  `claims/${sha256(`${sourceId}\n${ladderHash}\n${assetPath}`).slice(0, 32)}.json`;

interface StoredClaim {
  readonly record: ClaimRecord | undefined;
  readonly etag: string;
  readonly ageSeconds: number;
}

async function readClaim(store: Pick<ObjectStore, "readText">, key: string, signal?: AbortSignal): Promise<StoredClaim | undefined> {
  const there = await store.readText(key, signal);
  return there && { record: parseClaim(there.text), etag: there.etag, ageSeconds: there.ageSeconds };
}

interface Taking {
  readonly request: ClaimRequest;
  readonly holder: string;
  readonly options: ClaimOptions;
  readonly now: () => Date;
}

function nextRecord(there: StoredClaim | undefined, { request, holder, options, now }: Taking): ClaimRecord {
  const { jobId, messageId } = request;
  const { record: before, ageSeconds = 0 } = there ?? {};
  const expirySeconds = options.lease.visibilitySeconds;
  const renewedWithinSeconds = expirySeconds * RENEWED_WITHIN;
  const decision = decideClaim(before, { messageId, ageSeconds, expirySeconds, renewedWithinSeconds, maxCrashes: MAX_CRASHES });
  const facts = { claim: keyOf(request), holder: before?.holder, jobId: before?.jobId, ageSeconds };
  if (decision.kind === "held") throw new ClaimHeldError("another attempt works on this source", { facts });
  if (decision.kind === "submitted") throw new AlreadySubmitted("a service works at this source");
  if (decision.kind === "poison") {
    throw new ResourceError("resource_limit", `${decision.crashes} attempts at this source ended with their worker`, { facts });
  }
  const { kind: _kind, ...carried } = decision;
  const at = now().toISOString();
  return { ladderd: 1, jobId, messageId, holder, state: "held", ...carried, takenAt: at, renewedAt: at };
}

interface Swap {
  readonly key: string;
  readonly record: ClaimRecord;
  /** Of the record that is replaced; undefined when there is none. */
  readonly etag: string | undefined;
}

/** The new ETag; undefined when somebody else was faster, or when the answer to our own write was lost. */
async function swap({ store }: ClaimOptions, { key, record, etag }: Swap, signal?: AbortSignal): Promise<string | undefined> {
  const condition = etag === undefined ? ({ kind: "absent" } as const) : ({ kind: "match", etag } as const);
  try {
    return (await store.writeText({ key, text: `${JSON.stringify(record, undefined, 2)}\n`, headers: HEADERS, condition }, signal)).etag;
  } catch (error) {
    if (error instanceof PreconditionFailed) return undefined;
    throw error;
  }
}

interface Held {
  readonly key: string;
  readonly record: ClaimRecord;
  readonly etag: string;
}

function hold(taken: Held, options: ClaimOptions & { readonly now: () => Date }, outer: AbortSignal): Claim {
  const { store, now } = options;
  let held = taken;
  let turn: Promise<unknown> = Promise.resolve();
  const writes = new AbortController();
  const ownerNow = async (signal: AbortSignal): Promise<Held> => {
    const there = await readClaim(store, taken.key, signal);
    if (there?.record?.holder !== taken.record.holder) throw new LeaseLostError("another attempt took this source over");
    return { key: taken.key, record: there.record, etag: there.etag };
  };
  const change = (changes: Partial<ClaimRecord>, at?: string, signal = writes.signal): Promise<void> => {
    const write = async (): Promise<void> => {
      const record = { ...held.record, ...changes, renewedAt: at ?? now().toISOString() };
      const etag = await swap(options, { key: held.key, record, etag: held.etag }, signal);
      if (etag !== undefined) held = { ...held, record, etag };
      else held = await afterLostRace(await ownerNow(signal), record, { ...options, signal });
    };
    // One after the other: each needs the ETag of the one before.
    const mine = turn.then(write);
    turn = mine.catch(() => undefined);
    return mine;
  };
  const lease: Lease = holdLease({ ...options.lease, signal: outer, extend: () => change({}) });
  const stopped = AbortSignal.any([lease.signal, outer]);
  const endOfWrites = abortSoonAfter(stopped, writes);
  return {
    signal: lease.signal,
    check: () => lease.check(),
    ...(taken.record.left ? { left: taken.record.left } : {}),
    remote: {
      ...(taken.record.remote ? { before: taken.record.remote } : {}),
      tried: taken.record.tried ?? [],
      refused: taken.record.refused ?? [],
      intend: async (wish) => {
        const remote = { ...wish, intendedAt: now().toISOString() };
        // A version before this one keeps what is left, and knows nothing of services.
        await change({ remote, left: { revision: wish.revision, planHash: wish.token } }, remote.intendedAt);
        return remote;
      },
      rule: (tried, refused) => change({ tried, refused }),
    },
    leave: (left: Remains) => change({ left }),
    end: async (outcome: Outcome) => {
      const last = new AbortController();
      using _ = abortSoonAfter(stopped, last);
      await lease[Symbol.asyncDispose]();
      // A claim that is not given up expires.
      const ended = { state: "ended", outcome, ...(RESULTS.has(outcome) ? NOTHING_LEFT : {}) } as const;
      await change(ended, undefined, last.signal).catch(() => undefined);
      endOfWrites[Symbol.dispose]();
    },
  };
}

/** Aborts `writes` soon after `stopped` aborts, or soon from now when it has; disposing prevents it. */
function abortSoonAfter(stopped: AbortSignal, writes: AbortController): Disposable {
  let timer: NodeJS.Timeout | undefined;
  const start = (): void => {
    timer = setTimeout(() => writes.abort(new StorageError("the claim could not be written in time for a stop")), STOPPED_WITHIN_MS);
  };
  if (stopped.aborted) start();
  else stopped.addEventListener("abort", start, { once: true });
  return {
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      stopped.removeEventListener("abort", start);
    },
  };
}

const NOTHING_LEFT = { left: undefined, remote: undefined, tried: undefined, refused: undefined, crashes: 0 } as const;
const RESULTS: ReadonlySet<Outcome> = new Set(["published", "duplicate", "stale", "ignored", "rejected"]);

/** A refused swap of a record that is still ours: an answer was lost, and what is there may be the write before or this one. */
async function afterLostRace(
  there: Held,
  wanted: ClaimRecord,
  { signal, ...options }: ClaimOptions & { readonly signal: AbortSignal },
): Promise<Held> {
  if (there.record.renewedAt === wanted.renewedAt && there.record.state === wanted.state) return there;
  const etag = await swap(options, { key: there.key, record: wanted, etag: there.etag }, signal);
  if (etag === undefined) throw new LeaseLostError("another attempt took this source over");
  return { ...there, record: wanted, etag };
}

/** For a pipeline that nobody shares: a folder, a test. */
export const unshared: TakeClaim = async (_request, signal) => ({
  signal,
  isLast: true,
  check: () => signal.throwIfAborted(),
  leave: async () => undefined,
  end: async () => undefined,
});
