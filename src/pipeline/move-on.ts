import type { Job } from "../domain/job.ts";
import type { Queue } from "../queue/queue.ts";
import type { RemoteDeps } from "./settle-remote.ts";

/**
 * Gives the job of a service that failed back to the queue. The claim says which engines failed before the message says that
 * there is work: whoever takes it, and however often, asks the next engine.
 */
export function moveOn(queue: Pick<Queue, "send">): RemoteDeps["moveOn"] {
  return async (record, _reason, claim) => {
    await claim.remote?.rule([...new Set([...record.tried, record.engine])]);
    await queue.send(JSON.stringify(messageOf(record.job)), claim.signal);
  };
}

/** An event names the version that it saw, and asks for none: only a job that pins its version names it here. */
function messageOf({ source: { bucket, key, versionId }, pinsVersion, assetPath, ladder, engine, priority, metadata }: Job): object {
  const pinned = pinsVersion && versionId !== undefined ? { versionId } : {};
  return { ladderd: 1, source: { bucket, key, ...pinned }, assetPath, ladder, engine, priority, metadata };
}
