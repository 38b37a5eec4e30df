import { z } from "zod";
import { FAILURE_CLASSES } from "../engines/failure-class.ts";
import type { RemoteState } from "../engines/remote-state.ts";

const rendition = z.object({
  name: z.string().exactOptional(),
  width: z.number().exactOptional(),
  height: z.number().exactOptional(),
  durationSeconds: z.number().exactOptional(),
});

/** How a remote job stands, as it is kept in its record. */
export const remoteState: z.ZodType<RemoteState> = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("submitted") }),
  z.object({ kind: z.literal("progressing"), percent: z.number() }),
  z.object({
    kind: z.literal("complete"),
    outputs: z.object({ playlists: z.array(z.string()), renditions: z.array(rendition), warnings: z.array(z.string()) }),
  }),
  z.object({
    kind: z.literal("failed"),
    failure: z.object({ code: z.string(), message: z.string(), class: z.enum(FAILURE_CLASSES) }),
  }),
  z.object({ kind: z.literal("canceled") }),
]);
