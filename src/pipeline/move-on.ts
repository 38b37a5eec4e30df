import type { Queue } from "../queue/queue.ts";
import type { RemoteRecord } from "../state/remote-records.ts";
import type { RemoteDeps } from "./settle-remote.ts";

/**
 * Gives the job of a service that failed back to the queue. The claim says which engines failed, and which of them for good, before the message says that
 * there is work: whoever takes it, and however often, asks the next engine. It is no later wish than the job was: what was asked
 * for meanwhile stays.
 */
export function moveOn(queue: Pick<Queue, "send">): RemoteDeps["moveOn"] {
  return async (record, _reason, claim) => {
    const { tried, engine, state } = record;
    const isRefusal = state.kind === "failed" && state.failure.class === "source";
    const refused = [...(claim.remote?.refused ?? []), ...(isRefusal ? [engine] : [])];
    await claim.remote?.rule([...new Set([...tried, engine])], [...new Set(refused)]);
    await queue.send(JSON.stringify(messageOf(record)), claim.signal);
  };
}

/** An event names the version that it saw, and asks for none: only a job that pins its version names it here. */
function messageOf({ job, admitted }: RemoteRecord): object {
  const { source, pinsVersion, assetPath, ladder, engine, priority, metadata } = job;
  const { bucket, key, versionId } = source;
  const pinned = pinsVersion && versionId !== undefined ? { versionId } : {};
  const wishes = { assetPath, ladder, presets: presetsOf(job), engine, priority, metadata };
  return { ladderd: 1, source: { bucket, key, ...pinned }, ...wishes, askedAt: isoTime(admitted.createdAt) };
}

/** As the message said them. */
function presetsOf({ presets, outputKeys = [] }: RemoteRecord["job"]): readonly (string | { id: string; key: string })[] | undefined {
  const left = [...outputKeys];
  return presets?.map((id) => {
    const at = left.findIndex(({ preset }) => preset === id);
    const [named] = at < 0 ? [] : left.splice(at, 1);
    return named ? { id, key: named.key } : id;
  });
}

/** What an upload's event calls its time may be anything. */
function isoTime(text: string): string | undefined {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}
