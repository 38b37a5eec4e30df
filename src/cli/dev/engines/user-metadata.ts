import { z } from "zod";

/** Both services take ten pairs of these characters; they return them in every event. */
const TEXT = /^[0-9A-Za-z _.:/=+\-%@]*$/;

export const userMetadata = z
  .record(z.string().min(1).max(128).regex(TEXT), z.string().max(256).regex(TEXT))
  .refine((pairs) => Object.keys(pairs).length <= 10, "at most 10 pairs");
