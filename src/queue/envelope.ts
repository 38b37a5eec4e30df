import { z } from "zod";
import type { MessageShape } from "../domain/job.ts";
import { parseBoundedJson } from "./bounded-json.ts";
import type { Entry, IntakeRules } from "./entry.ts";
import { parseEventBridge } from "./eventbridge-event.ts";
import { parseJobMessage } from "./job-message.ts";
import { ignored, rejected } from "./reject.ts";
import { parseS3Records } from "./s3-event.ts";

/** A message as it was understood: its shape (a metric label) and what each of its records asks for; never empty. */
export interface ParsedMessage {
  readonly shape: MessageShape;
  readonly entries: readonly Entry[];
}

/** A topic that feeds a topic wraps twice; more is a loop. */
const MAX_WRAPS = 2;

/** What tells the shapes apart; each is recognised by its structure, so one queue may carry them all. */
const snsNotification = z.object({ Type: z.literal("Notification"), Message: z.string() });
const jobMarker = z.object({ ladderd: z.unknown() }).refine((value) => "ladderd" in value);
const s3Records = z.object({ Records: z.array(z.unknown()) });
const s3Test = z.object({ Event: z.literal("s3:TestEvent") });
const eventBridge = z.object({ source: z.string(), "detail-type": z.string() });

/**
 * Reads a message body of any known shape (S3 event direct, through SNS wrapped or raw, through EventBridge, S3's test
 * event, our own job message). Pure and total: what cannot be read is one rejected entry (job_malformed,
 * job_unsupported_event), what is none of our business is an ignored one.
 */
export const parseMessage = (body: string, rules: IntakeRules): ParsedMessage => parseLayer(body, rules, 0);

function parseLayer(body: string, rules: IntakeRules, wraps: number): ParsedMessage {
  const json = parseBoundedJson(body);
  if (json.kind === "unreadable") return unknown(rejected("job_malformed", wraps > 0 ? `SNS Message: ${json.reason}` : json.reason));
  const { value } = json;
  const notification = snsNotification.safeParse(value);
  if (notification.success) {
    if (wraps >= MAX_WRAPS) return unknown(rejected("job_unsupported_event", `wrapped by SNS more than ${MAX_WRAPS} times`));
    return parseLayer(notification.data.Message, rules, wraps + 1);
  }
  return parseContent(value, rules, wraps > 0);
}

function parseContent(value: unknown, rules: IntakeRules, viaSns: boolean): ParsedMessage {
  if (jobMarker.safeParse(value).success) return { shape: "job", entries: [parseJobMessage(value, rules)] };
  const records = s3Records.safeParse(value);
  if (records.success) return { shape: viaSns ? "s3-sns" : "s3", entries: parseS3Records(records.data.Records, rules) };
  if (s3Test.safeParse(value).success) return { shape: "s3-test", entries: [ignored("S3's test event")] };
  if (eventBridge.safeParse(value).success) return { shape: "s3-eventbridge", entries: [parseEventBridge(value, rules)] };
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? unknown(rejected("job_unsupported_event", "the body is no event and no job message that is known"))
    : unknown(rejected("job_malformed", "the body is not a JSON object"));
}

const unknown = (entry: Entry): ParsedMessage => ({ shape: "unknown", entries: [entry] });
