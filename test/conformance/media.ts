import { writeFile } from "node:fs/promises";
import { z } from "zod";
import { command, mustRun } from "../support/command.ts";

/** One sample as ffprobe sees it, times after the edit list. */
export interface Sample {
  readonly startSeconds: number;
  readonly decodeSeconds: number;
  readonly durationSeconds: number;
  readonly sizeBytes: number;
  /** From the first byte of its segment. */
  readonly offset: number;
  readonly isKeyframe: boolean;
}

/** A segment on its own, as it lies there. */
export interface SegmentMedia {
  readonly uri: string;
  readonly bytes: Buffer;
  /** In decode order; those that an edit list hides are left out. */
  readonly samples: readonly Sample[];
}

const text = z.string().optional();
const number = z.coerce.number().optional().catch(undefined);
const report = z.object({
  streams: z.tuple([
    z.object({
      codec_name: z.string(),
      width: number,
      height: number,
      pix_fmt: text,
      field_order: text,
      sample_aspect_ratio: text,
      color_range: text,
      color_space: text,
      color_transfer: text,
      color_primaries: text,
      channels: number,
      sample_rate: number,
      side_data_list: z.array(z.object({ rotation: number })).default([]),
    }),
  ]),
  packets: z.array(
    z.object({
      pts_time: z.coerce.number(),
      dts_time: z.coerce.number(),
      duration_time: z.coerce.number().default(0),
      size: z.coerce.number(),
      pos: z.coerce.number(),
      flags: z.string(),
    }),
  ),
});
export type StreamReport = z.infer<typeof report>["streams"][0];

export interface RenditionMedia {
  readonly stream: StreamReport;
  readonly segments: readonly SegmentMedia[];
  /** What a decoder says of the whole; empty when it is sound. */
  readonly complaints: string;
}

const ENTRIES =
  "stream=codec_name,width,height,pix_fmt,field_order,sample_aspect_ratio,color_range,color_space,color_transfer,color_primaries,channels,sample_rate" +
  ":stream_side_data=rotation:packet=pts_time,dts_time,duration_time,size,pos,flags";

/** Reads a rendition from its init segment and its segments, joined in `path`. Throws when ffprobe cannot. */
export async function readMedia(
  path: string,
  init: Buffer,
  segments: readonly { readonly uri: string; readonly bytes: Buffer }[],
): Promise<RenditionMedia> {
  await writeFile(path, Buffer.concat([init, ...segments.map(({ bytes }) => bytes)]));
  const json = await mustRun("ffprobe", ["-v", "error", "-show_entries", ENTRIES, "-of", "json", path]);
  const { streams, packets } = report.parse(JSON.parse(json));
  let start = init.length;
  const placed = segments.map(({ uri, bytes }) => {
    const from = start;
    start += bytes.length;
    const samples = packets
      .filter(({ pos, flags }) => pos >= from && pos < from + bytes.length && !flags.includes("D"))
      .map((packet): Sample => ({
        startSeconds: packet.pts_time,
        decodeSeconds: packet.dts_time,
        durationSeconds: packet.duration_time,
        sizeBytes: packet.size,
        offset: packet.pos - from,
        isKeyframe: packet.flags.startsWith("K"),
      }));
    return { uri, bytes, samples };
  });
  const { exitCode, stderr } = await command("ffmpeg", ["-v", "error", "-xerror", "-i", path, "-f", "null", "-"]);
  return { stream: streams[0], segments: placed, complaints: exitCode === 0 ? stderr.trim() : `exit code ${exitCode}: ${stderr.trim()}` };
}
