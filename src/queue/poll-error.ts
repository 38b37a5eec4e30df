import { z } from "zod";

/** Why a receive failed; a metric label. */
export type PollError = "network" | "throttled" | "denied" | "queue_missing" | "other";

/** What sqs-consumer keeps of the SDK's error. */
const sqsError = z.object({ code: z.string().catch(""), statusCode: z.number().optional().catch(undefined) });

const BY_NAME: readonly (readonly [RegExp, PollError])[] = [
  [/QueueDoesNotExist|NonExistentQueue/, "queue_missing"],
  [/Throttl|OverLimit|TooManyRequests|SlowDown/, "throttled"],
  [/Credentials|AccessDenied|InvalidClientToken|Signature|ExpiredToken/, "denied"],
];

/** Sorts a receive's error; without an answer of SQS it is the network's. */
export function classifyPollError(error: unknown): PollError {
  const parsed = sqsError.safeParse(error);
  if (!parsed.success) return "other";
  const { code, statusCode } = parsed.data;
  const named = BY_NAME.find(([name]) => name.test(code));
  if (named) return named[1];
  if (statusCode === undefined) return "network";
  return statusCode === 403 ? "denied" : "other";
}
