import { isFinal } from "../engines/remote-state.ts";
import type { RemoteEvent } from "../queue/engine-event.ts";
import { mergeIntoRecord } from "../state/remote-records.ts";
import { nextStep } from "./decide-remote.ts";
import type { RemoteOutcome, Settling } from "./settle-remote.ts";
import { settleRemote } from "./settle-remote.ts";

/** What became of an event; `early` is the end of a job whose record is not written yet. */
export type EventOutcome = RemoteOutcome | "ignored" | "early";

/**
 * Takes one event: its state into the record, and what follows from that. The message may be deleted unless this is `early`
 * or throws; it throws what settling throws. An event without our token is of a job that somebody else submitted.
 */
export async function takeEvent(event: RemoteEvent, { deps, signal }: Settling): Promise<EventOutcome> {
  if (event.kind === "ignored") return "ignored";
  const { engine, remoteId, state, token } = event;
  const stored = await mergeIntoRecord(deps.state, { name: { engine, remoteId }, state }, signal);
  if (stored) return settleRemote(stored.record, nextStep(stored.record), { deps, signal });
  // A job may end before its submit has returned.
  return token !== undefined && isFinal(state) ? "early" : "ignored";
}
