import { z } from "zod";
import type { EncodingTools } from "./tools.ts";
import { runTool } from "./tools.ts";

/** A stream of an input; its place counts among those of its kind, from 0. */
export interface InputStream {
  readonly kind: "video" | "audio" | "subtitle";
  readonly place: number;
  readonly codec: string;
  readonly profile: string;
  readonly level: number;
  readonly language: string | undefined;
  readonly width: number;
  readonly height: number;
  readonly frameRate: number;
  /** As ffprobe writes it: 30000/1001. */
  readonly exactFrameRate: string;
  /** Degrees clockwise that the picture is turned before it is shown. */
  readonly rotation: number;
  readonly channels: number;
  readonly sampleRateHz: number;
  readonly durationSeconds: number;
}

/** What the services find out about an input before they work on it. */
export interface InputFacts {
  readonly durationSeconds: number;
  readonly streams: readonly InputStream[];
}

const report = z.object({
  format: z.object({ duration: z.coerce.number() }),
  streams: z.array(
    z.object({
      codec_type: z.string(),
      codec_name: z.string().default("unknown"),
      profile: z.string().default(""),
      level: z.int().default(0),
      width: z.int().default(0),
      height: z.int().default(0),
      r_frame_rate: z.string().default("0/1"),
      channels: z.int().default(0),
      sample_rate: z.coerce.number().default(0),
      duration: z.coerce.number().optional(),
      tags: z.object({ language: z.string().optional() }).default({}),
      side_data_list: z.array(z.object({ rotation: z.number().optional() })).default([]),
      disposition: z.object({ attached_pic: z.int().default(0) }).default({ attached_pic: 0 }),
    }),
  ),
});

const KINDS = ["video", "audio", "subtitle"] as const;

/** Probes a local file; width and height are those of the upright picture. Throws ToolFailed or ZodError for what is no media. */
export async function inputFacts(tools: EncodingTools, file: string, signal: AbortSignal): Promise<InputFacts> {
  const args = ["-v", "error", "-show_format", "-show_streams", "-of", "json", file];
  const { format, streams } = report.parse(JSON.parse(await runTool({ program: tools.ffprobe, args, cwd: "/", signal })));
  const found: InputStream[] = [];
  for (const stream of streams) {
    const kind = KINDS.find((name) => name === stream.codec_type);
    if (kind === undefined || stream.disposition.attached_pic === 1) continue;
    const place = found.filter((other) => other.kind === kind).length;
    found.push({ kind, place, ...factsOf(stream), durationSeconds: stream.duration ?? format.duration });
  }
  return { durationSeconds: format.duration, streams: found };
}

function factsOf(stream: z.infer<typeof report>["streams"][number]): Omit<InputStream, "kind" | "place" | "durationSeconds"> {
  const { width, height, side_data_list: sideData, r_frame_rate: exactFrameRate } = stream;
  const matrix = sideData.find(({ rotation = 0 }) => rotation !== 0)?.rotation ?? 0;
  const rotation = (360 - matrix) % 360;
  const isTurned = rotation % 180 === 90;
  const [numerator = 0, denominator = 1] = exactFrameRate.split("/").map(Number);
  return {
    ...{ codec: stream.codec_name, profile: stream.profile, level: stream.level, language: stream.tags.language },
    ...{ width: isTurned ? height : width, height: isTurned ? width : height, rotation },
    ...{ frameRate: numerator / (denominator || 1), exactFrameRate, channels: stream.channels, sampleRateHz: stream.sample_rate },
  };
}
