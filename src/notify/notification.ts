import { z } from "zod";

const optionalText = z.string().exactOptional();
const seconds = z.number().min(0);

const source = z.strictObject({ bucket: z.string(), key: z.string() });

const common = {
  /** Grows when a field goes or changes its meaning; fields may be added without. */
  version: z.literal(1),
  /** The same for every try to deliver it. */
  id: z.uuid(),
  time: z.iso.datetime(),
};

const revision = { assetPath: z.string(), revision: z.string(), secondsSinceUpload: seconds.exactOptional() };
const known = { jobId: z.string(), source: source.exactOptional() };

/** What ladderd tells others about its jobs; docs/events.md describes it field by field and a test compares them. */
export const notificationSchema = z.discriminatedUnion("event", [
  z.strictObject({ ...common, event: z.literal("started"), jobId: z.string(), source }),
  z.strictObject({ ...common, event: z.literal("first-playable"), ...known, ...revision }),
  z.strictObject({ ...common, event: z.literal("published"), ...known, ...revision }),
  z.strictObject({ ...common, event: z.literal("failed"), ...known, code: optionalText, reason: optionalText }),
  z.strictObject({
    ...common,
    event: z.literal("rejected"),
    ...known,
    jobId: optionalText,
    messageId: z.string(),
    code: z.string(),
    reason: z.string(),
    fingerprint: z.string(),
  }),
]);

/** One notification. Its time is ISO 8601. */
export type Notification = z.infer<typeof notificationSchema>;
/** Without what stamps it. */
export type Tidings = Notification extends infer One ? (One extends Notification ? Omit<One, "version" | "id" | "time"> : never) : never;
