import { z } from "zod";

/** What the fauxqs child is told: its first argument, as JSON. */
export const fauxqsInput = z.strictObject({
  storageDir: z.string(),
  region: z.string(),
  buckets: z.array(z.string()),
  queue: z.strictObject({ name: z.string(), deadLetterName: z.string(), maxReceiveCount: z.int(), visibilitySeconds: z.int() }),
});
export type FauxqsInput = z.infer<typeof fauxqsInput>;

/** What the fauxqs child says when it serves. */
export const fauxqsReady = z.strictObject({ port: z.int() });
