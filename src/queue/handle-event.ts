import { ClaimHeldError, JobError, LeaseLostError, ShutdownError } from "../domain/errors.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { RemoteEvent } from "./engine-event.ts";
import { parseEngineEvent } from "./engine-event.ts";
import type { HandleMessage } from "./handle-message.ts";
import type { LeaseOptions } from "./lease.ts";
import { holdLease, lossOf } from "./lease.ts";
import type { Queue, QueueMessage } from "./queue.ts";

export interface EventHandlerOptions {
  readonly queue: Queue;
  /** `early`: the record of its job is not written yet. */
  readonly take: (event: RemoteEvent, signal: AbortSignal) => Promise<string>;
  readonly lease: Pick<LeaseOptions, "visibilitySeconds" | "everySeconds" | "marginSeconds">;
  readonly logger: Pick<Logger, "info" | "warn">;
}

/** The sweep finishes what no event is tried for any more. */
const MAX_RECEIVES = 10;
/** A record follows its submit at once: an end that has none later is one that was told before, and is settled. */
const MAX_EARLY_RECEIVES = 3;
const RETRY_SECONDS = 30;

/** Makes the handler of the events queue: a message goes when its event is taken in, or when it is left to the sweep. */
export function createEventHandler({ queue, take, lease: leaseOptions, logger }: EventHandlerOptions): HandleMessage {
  return async (message, signal) => {
    const { messageId, receiptHandle } = message;
    const since = message.handedOutAtMs === undefined ? {} : { since: message.handedOutAtMs };
    await using lease = holdLease({ ...leaseOptions, ...since, extend: (seconds) => queue.extend(receiptHandle, seconds), signal });
    try {
      const outcome = await take(parseEngineEvent(message.body), lease.signal);
      if (outcome !== "waiting" && outcome !== "ignored") logger.info({ messageId, outcome }, "event of an engine taken");
      if (outcome === "early") return await postpone(message, queue, MAX_EARLY_RECEIVES);
      await queue.delete(receiptHandle);
      return "ignored";
    } catch (thrown) {
      return await putOff(lossOf(lease) ?? thrown, message, { queue, logger });
    }
  };
}

/** Whose lease is lost is somebody else's by now, and left alone. */
async function putOff(
  err: unknown,
  message: QueueMessage,
  { queue, logger }: Pick<EventHandlerOptions, "queue" | "logger">,
): Promise<"abandoned" | "released" | "failed"> {
  const { messageId } = message;
  if (!(err instanceof ClaimHeldError || err instanceof ShutdownError)) logger.warn({ err, messageId }, "event of an engine not taken");
  if (err instanceof LeaseLostError) return "abandoned";
  await postpone(message, queue).catch(() => undefined);
  return err instanceof JobError && err.disposition === "release" ? "released" : "failed";
}

async function postpone({ receiveCount, receiptHandle }: QueueMessage, queue: Queue, receives = MAX_RECEIVES): Promise<"released"> {
  if (receiveCount >= receives) await queue.delete(receiptHandle);
  else await queue.release(receiptHandle, RETRY_SECONDS);
  return "released";
}
