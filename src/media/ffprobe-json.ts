import { z } from "zod";

const number = z.coerce.number().finite().optional().catch(undefined);
const text = z.string().optional().catch(undefined);
/** Tag names differ in case between containers. */
const tags = z
  .record(z.string(), z.string())
  .optional()
  .catch(undefined)
  .transform((found) => new Map(Object.entries(found ?? {}).map(([name, value]) => [name.toLowerCase(), value])));

const stream = z.object({
  index: z.number().int().nonnegative(),
  codec_type: text,
  codec_name: text,
  codec_tag_string: text,
  profile: text,
  level: number,
  nal_length_size: number,
  width: number,
  height: number,
  pix_fmt: text,
  field_order: text,
  sample_aspect_ratio: text,
  r_frame_rate: text,
  avg_frame_rate: text,
  color_range: text,
  color_space: text,
  color_transfer: text,
  color_primaries: text,
  start_time: number,
  duration: number,
  nb_frames: number,
  bit_rate: number,
  channels: number,
  sample_rate: number,
  disposition: z.record(z.string(), z.number()).default({}).catch({}),
  tags,
  side_data_list: z
    .array(z.object({ rotation: number, displaymatrix: text }))
    .default([])
    .catch([]),
});

const report = z.object({
  streams: z.array(stream).default([]),
  format: z.object({ format_name: z.string().default(""), start_time: number, duration: number }).default({ format_name: "" }),
});

export type ProbedStream = z.infer<typeof stream>;
export type ProbeReport = z.infer<typeof report>;

/** Reads ffprobe's JSON (never its default writer, which a title tag can spoof, E20); undefined when it is not that. */
export function parseProbeReport(json: string): ProbeReport | undefined {
  try {
    const parsed = report.safeParse(JSON.parse(json));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
