import type { Logger } from "pino";
import { settlementOf } from "../domain/settlement.ts";
import type { FailureRecord, FailureStore } from "../state/failures.ts";
import { giveUpAtLast } from "./last-receive.ts";
import type { Queue, QueueMessage } from "./queue.ts";
import type { EntryResult } from "./run-entries.ts";
import { countsAgainstJob, verdictOf } from "./verdict.ts";

export interface FailureRecording {
  readonly failures: FailureStore;
  readonly queue: Pick<Queue, "quarantine" | "facts">;
  readonly maxFailures: number;
  readonly logger: Logger;
  readonly notify?: (record: FailureRecord) => Promise<void>;
  readonly random: number;
}

type Failed = Extract<EntryResult, { kind: "failed" }>;

/**
 * Makes what failed durable: a record for each rejection and for each failure that counts against its job, and, when the
 * whole message is ready to be deleted, one copy of it in the dead-letter queue. What cannot be made durable becomes a
 * retry; a job that failed too often, or whose message the queue will not hand out again, becomes a rejection. Resolves to the
 * results as they then are.
 */
export async function recordFailures(
  ended: readonly EntryResult[],
  message: QueueMessage,
  recording: FailureRecording,
): Promise<readonly EntryResult[]> {
  const results = await atLastReceive(ended, message, recording.queue);
  const records: FailureRecord[] = [];
  const recorded: EntryResult[] = [];
  for (const [position, result] of results.entries()) {
    if (result.kind === "done" || !(result.settlement.kind === "reject" || countsAgainstJob(result))) {
      recorded.push(result);
      continue;
    }
    const part = results.length === 1 ? message.messageId : `${message.messageId}-${position + 1}`;
    const { failed, record } = await recordOne(result, { ...message, messageId: result.job ? message.messageId : part }, recording);
    recorded.push(failed);
    if (record && failed.settlement.kind === "reject") records.push(record);
  }
  return quarantine(recorded, records, { ...recording, message });
}

/** A queue that does not say what it is keeps its messages until it does. */
async function atLastReceive(
  results: readonly EntryResult[],
  { receiveCount }: QueueMessage,
  queue: Pick<Queue, "facts">,
): Promise<readonly EntryResult[]> {
  if (results.every(({ kind }) => kind === "done")) return results;
  const maxReceiveCount = (await queue.facts().catch(() => undefined))?.maxReceiveCount;
  return results.map((result) => (result.kind === "failed" ? giveUpAtLast(result, { receiveCount, maxReceiveCount }) : result));
}

async function recordOne(
  failed: Failed,
  message: QueueMessage,
  recording: FailureRecording,
): Promise<{ failed: Failed; record?: FailureRecord }> {
  const { job, error, settlement, notes } = failed;
  try {
    const { messageId, body } = message;
    const record = await recording.failures.record({
      messageId,
      error,
      body,
      ...(notes ? { notes } : {}),
      ...(job ? { jobId: job.id } : {}),
    });
    return { failed: record.failures >= recording.maxFailures ? { ...failed, settlement: { kind: "reject" } } : failed, record };
  } catch (storeError) {
    return { failed: settlement.kind === "reject" ? again(failed, storeError, { message, ...recording }) : failed };
  }
}

/** A message with a retry in it comes back: its copy is made when it ends, so that there is one. */
async function quarantine(
  results: readonly EntryResult[],
  records: readonly FailureRecord[],
  { queue, notify, logger, message, random }: FailureRecording & { message: QueueMessage },
): Promise<readonly EntryResult[]> {
  const [first] = records;
  if (!first || verdictOf(results).action.kind !== "delete") return results;
  try {
    await queue.quarantine({ body: message.body, code: first.code, reason: first.reason, fingerprint: first.fingerprint });
  } catch (queueError) {
    return results.map((result) => (result.kind === "failed" ? again(result, queueError, { message, random }) : result));
  }
  const told = await Promise.allSettled(records.map(async (record) => notify?.(record)));
  for (const { reason } of told.filter((one) => one.status === "rejected"))
    logger.warn({ err: reason }, "notification of a rejection failed");
  return results;
}

function again(failed: Failed, error: unknown, { message, random }: { message: QueueMessage; random: number }): Failed {
  const settlement = settlementOf(error, { receiveCount: message.receiveCount, random });
  return { ...failed, error, settlement: settlement.kind === "reject" ? { kind: "retry", delaySeconds: 60 } : settlement };
}
