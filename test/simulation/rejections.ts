import { z } from "zod";
import { parseMessage } from "../../src/queue/envelope.ts";
import type { IntakeRules } from "../../src/queue/entry.ts";
import type { ModelBucket } from "./model-bucket.ts";
import type { ModelMessage } from "./model-queue.ts";
import { UPLOADS } from "./model-uploads.ts";

export const RULES: IntakeRules = { uploadBuckets: [UPLOADS], publishBucket: "published" };

/** After so many genuine failures a job is given up. */
export const MAX_FAILURES = 3;

const record = z.object({ code: z.string(), failures: z.int() });

/** Failures of these codes are none to try again. */
const FINAL = /^(?:job_|source_|destination_conflict|resource_limit|engine_rejected)/;

/** Whether a durable record says that the job of this message was given up. */
export function rejectionOf(message: ModelMessage, state: ModelBucket): boolean {
  const ids = parseMessage(message.body, RULES).entries.flatMap((entry) => (entry.kind === "job" ? [entry.job.id] : []));
  return [...ids, message.id].some((id) => {
    const text = state.objects.get(`failures/${id}.json`)?.text;
    if (text === undefined) return false;
    const { code, failures } = record.parse(JSON.parse(text));
    return FINAL.test(code) || failures >= MAX_FAILURES;
  });
}
