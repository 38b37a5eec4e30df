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

/** What becomes of an event's message: "leave" is for one that is somebody else's by now. */
interface Verdict {
  readonly action: "delete" | "release" | "leave";
  readonly outcome: "ignored" | "released" | "failed" | "abandoned";
}

/** Makes the handler of the events queue: a message goes when its event is taken in, or when it is left to the sweep. */
export function createEventHandler(options: EventHandlerOptions): HandleMessage {
  const { queue, logger } = options;
  return async (message, signal) => {
    const { messageId, receiptHandle } = message;
    // The lease has ended by then: an extension that lands after a release would undo it.
    const { action, outcome } = await judge(message, { ...options, signal });
    try {
      if (action === "delete") await queue.delete(receiptHandle);
      else if (action === "release") await queue.release(receiptHandle, RETRY_SECONDS);
    } catch (err) {
      logger.warn({ err, messageId, action }, "event of an engine settled, but the queue did not confirm");
    }
    return outcome;
  };
}

async function judge(
  message: QueueMessage,
  { queue, take, lease: leaseOptions, logger, signal }: EventHandlerOptions & { readonly signal: AbortSignal },
): Promise<Verdict> {
  const { messageId, receiptHandle } = message;
  const since = message.handedOutAtMs === undefined ? {} : { since: message.handedOutAtMs };
  await using lease = holdLease({ ...leaseOptions, ...since, extend: (seconds) => queue.extend(receiptHandle, seconds), signal });
  try {
    const outcome = await take(parseEngineEvent(message.body), lease.signal);
    if (outcome !== "waiting" && outcome !== "ignored") logger.info({ messageId, outcome }, "event of an engine taken");
    if (outcome === "early") return { action: postponed(message, MAX_EARLY_RECEIVES), outcome: "released" };
    return { action: "delete", outcome: "ignored" };
  } catch (thrown) {
    return putOff(lossOf(lease) ?? thrown, message, logger);
  }
}

/** Whose lease is lost is somebody else's by now, and left alone. */
function putOff(err: unknown, message: QueueMessage, logger: EventHandlerOptions["logger"]): Verdict {
  const { messageId } = message;
  if (!(err instanceof ClaimHeldError || err instanceof ShutdownError)) logger.warn({ err, messageId }, "event of an engine not taken");
  if (err instanceof LeaseLostError) return { action: "leave", outcome: "abandoned" };
  return { action: postponed(message), outcome: err instanceof JobError && err.disposition === "release" ? "released" : "failed" };
}

const postponed = ({ receiveCount }: QueueMessage, receives = MAX_RECEIVES): "delete" | "release" =>
  receiveCount >= receives ? "delete" : "release";
