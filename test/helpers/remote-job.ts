import { ClaimHeldError } from "../../src/domain/errors.ts";
import type { RemoteState } from "../../src/engines/remote-state.ts";
import { isOverdue } from "../../src/pipeline/decide-remote.ts";
import type { RemoteDeps } from "../../src/pipeline/settle-remote.ts";
import { sweepRemote } from "../../src/pipeline/sweep-remote.ts";
import { takeEvent } from "../../src/pipeline/take-event.ts";
import type { RemoteEvent } from "../../src/queue/engine-event.ts";
import type { RemoteRecord } from "../../src/state/remote-records.ts";
import { createRemoteRecord, readRemoteRecord } from "../../src/state/remote-records.ts";
import { memoryStore } from "./memory-store.ts";
import { aRemoteRecord } from "./remote-records.ts";

const { signal } = new AbortController();
const PATIENCE = { pollAfterSeconds: 300, maximumAgeSeconds: 3600 };
export const NAME = { engine: "mediaconvert", remoteId: "1111111111111-abcdef" } as const;
export const COMPLETE: RemoteState = { kind: "complete", outputs: { playlists: [], renditions: [], warnings: [] } };
export const FAILED: RemoteState = { kind: "failed", failure: { code: "1040", message: "settings", class: "source" } };
export const CANCELED: RemoteState = { kind: "canceled" };
export const MEDIA = "films/one/r/20261123T040000-ab12/index_v240_000000001.cmfv";
export const HEADERS = { contentType: "", cacheControl: "" };
export const told = (state: RemoteState, changes: Partial<Extract<RemoteEvent, { kind: "event" }>> = {}): RemoteEvent => ({
  kind: "event",
  ...NAME,
  token: "0123456789abcdef.1",
  state,
  ...changes,
});

/** A job at the service with an object in its revision; `log` has everything that was done to the outside, in order. */
export async function aRemoteJob(
  changes: Partial<RemoteRecord> = {},
  { says = { kind: "submitted" } }: { readonly says?: RemoteState } = {},
) {
  const log: string[] = [];
  const [state, published] = [memoryStore(), memoryStore()];
  await createRemoteRecord(state, aRemoteRecord(changes), signal);
  await published.writeText({ key: MEDIA, text: "media", headers: HEADERS });
  const world = { claim: "submitted", crashes: 0, nowMs: Date.parse("2026-11-23T04:00:30Z") };
  const deps: RemoteDeps = {
    state,
    published,
    engines: new Map([
      [
        "mediaconvert" as const,
        {
          read: async () => {
            log.push("read");
            return says;
          },
          cancel: async () => void log.push("cancel"),
        },
      ],
    ]),
    takeSubmitted: async () => {
      if (world.claim === "held") throw new ClaimHeldError("somebody finishes it");
      if (world.claim !== "submitted") return undefined;
      world.claim = "held";
      return {
        signal,
        crashes: world.crashes,
        check: () => undefined,
        leave: async () => undefined,
        end: async (outcome) => {
          world.claim = "ended";
          log.push(`claim ${outcome}`);
        },
        giveBack: async () => {
          world.claim = "submitted";
          log.push("claim given back");
        },
      };
    },
    finish: async () => {
      log.push("finish");
      return "published";
    },
    moveOn: async (_record, reason) => void log.push(`move on: ${reason}`),
    now: () => new Date(world.nowMs),
  };
  return {
    ...{ deps, log, world, state, published },
    take: (event: RemoteEvent, other: Partial<RemoteDeps> = {}) => takeEvent(event, { deps: { ...deps, ...other }, signal }),
    sweep: (afterSeconds: number, other: Partial<RemoteDeps> = {}) => {
      world.nowMs = Date.parse("2026-11-23T04:00:00Z") + afterSeconds * 1000;
      const isLate = (record: RemoteRecord): boolean => isOverdue(record, PATIENCE, world.nowMs);
      return sweepRemote({ deps: { ...deps, isOverdue: isLate, ...other }, patience: PATIENCE }, signal);
    },
    record: async () => (await readRemoteRecord(state, NAME, signal))?.record,
  };
}
