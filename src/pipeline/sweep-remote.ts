import { ClaimHeldError } from "../domain/errors.ts";
import type { RemoteName } from "../state/remote-records.ts";
import type { RemoteRecord } from "../state/remote-records.ts";
import { listRemoteRecords, mergeIntoRecord, readRemoteRecord } from "../state/remote-records.ts";
import { forAll } from "../publish/revision-objects.ts";
import type { RemotePatience } from "./decide-remote.ts";
import { isDueForPoll, stepAfterPoll } from "./decide-remote.ts";
import type { RemoteDeps, RemoteOutcome } from "./settle-remote.ts";
import { settleRemote } from "./settle-remote.ts";

/** What a sweep came to for one remote job. */
export type SweptRemote =
  | { readonly name: RemoteName; readonly outcome: RemoteOutcome }
  | { readonly name: RemoteName; readonly outcome: "error"; readonly error: unknown };

/** The engines keep to their quotas themselves; more at once only wait. */
const CONCURRENCY = 4;

/**
 * Looks at every remote job that is not settled: one that events have brought to its end but nobody finished is finished, one
 * that nothing was heard of for long is asked about, one above the age is handed on. What fails is tried the next time.
 * Throws the signal's reason and what listing throws.
 */
export async function sweepRemote(
  { deps, patience }: { readonly deps: RemoteDeps; readonly patience: RemotePatience },
  signal: AbortSignal,
): Promise<readonly SweptRemote[]> {
  const swept: SweptRemote[] = [];
  await forAll(await listRemoteRecords(deps.state, signal), CONCURRENCY, async (name) => {
    signal.throwIfAborted();
    try {
      const outcome = await sweepOne(name, { deps, patience, signal });
      if (outcome !== undefined) swept.push({ name, outcome });
    } catch (error) {
      signal.throwIfAborted();
      // Somebody else is at it.
      if (!(error instanceof ClaimHeldError)) swept.push({ name, outcome: "error", error });
    }
  });
  return swept;
}

/** What cannot be looked at is looked at the next time. */
const isUnwanted = async (record: RemoteRecord, { deps, signal }: Sweeping): Promise<boolean> =>
  record.givenUpAt === undefined && ((await deps.isOverwritten?.(record, signal).catch(() => false)) ?? false);

interface Sweeping {
  readonly deps: RemoteDeps;
  readonly patience: RemotePatience;
  readonly signal: AbortSignal;
}

async function sweepOne(name: RemoteName, { deps, patience, signal }: Sweeping): Promise<RemoteOutcome | undefined> {
  const { now = () => new Date() } = deps;
  let stored = await readRemoteRecord(deps.state, name, signal);
  if (!stored) return undefined;
  const engine = deps.engines.get(name.engine);
  if (engine && isDueForPoll(stored.record, patience, now().getTime())) {
    // An engine that does not answer does not make a job that is too old any younger.
    const state = await engine.read(name.remoteId, signal).catch(() => undefined);
    signal.throwIfAborted();
    if (await isUnwanted(stored.record, { deps, patience, signal })) return settleRemote(stored.record, { kind: "drop" }, { deps, signal });
    if (state) stored = (await mergeIntoRecord(deps.state, { name, state }, signal)) ?? stored;
  }
  return settleRemote(stored.record, stepAfterPoll(stored.record, patience, now().getTime()), { deps, signal });
}
