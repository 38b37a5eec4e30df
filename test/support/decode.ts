import { z } from "zod";
import { command, mustRun } from "./command.ts";

/** What ffmpeg says while it decodes every picture and sound of `input` to the end: nothing when all of it is sound. */
export async function decodeComplaints(input: string): Promise<string> {
  const streams = ["-map", "0:v?", "-map", "0:a?"];
  const { exitCode, stderr } = await command("ffmpeg", ["-v", "error", "-xerror", "-i", input, ...streams, "-f", "null", "-"]);
  return exitCode === 0 ? stderr : `exit code ${exitCode}: ${stderr}`;
}

export interface StreamFacts {
  readonly kind: string;
  readonly codec: string;
  readonly width: number | undefined;
  readonly height: number | undefined;
  readonly sampleAspectRatio: string | undefined;
  readonly frameRate: string | undefined;
  readonly language: string | undefined;
  /** Of its packets. */
  readonly startSeconds: number;
  readonly endSeconds: number;
}

const report = z.object({
  streams: z.array(
    z.object({
      index: z.int(),
      codec_type: z.string().default(""),
      codec_name: z.string().default(""),
      width: z.int().optional(),
      height: z.int().optional(),
      sample_aspect_ratio: z.string().optional(),
      r_frame_rate: z.string().optional(),
      tags: z.object({ language: z.string().optional() }).optional(),
    }),
  ),
  packets: z.array(
    z.object({ stream_index: z.int(), pts_time: z.coerce.number().optional(), duration_time: z.coerce.number().default(0) }),
  ),
});

/** Every stream of a file or URL, with the range that its packets cover. */
export async function streamsOf(input: string): Promise<readonly StreamFacts[]> {
  const entries = "stream=index,codec_type,codec_name,width,height,sample_aspect_ratio,r_frame_rate:stream_tags=language";
  const packetEntries = "packet=stream_index,pts_time,duration_time";
  const text = await mustRun("ffprobe", ["-v", "error", "-show_entries", `${entries}:${packetEntries}`, "-of", "json", input]);
  const { streams, packets } = report.parse(JSON.parse(text));
  return streams.map((stream) => {
    const own = packets.filter(({ stream_index: index }) => index === stream.index);
    const starts = own.flatMap(({ pts_time: pts }) => pts ?? []);
    const ends = own.flatMap(({ pts_time: pts, duration_time: duration }) => (pts === undefined ? [] : [pts + duration]));
    return {
      kind: stream.codec_type,
      codec: stream.codec_name,
      width: stream.width,
      height: stream.height,
      sampleAspectRatio: stream.sample_aspect_ratio,
      frameRate: stream.r_frame_rate,
      language: stream.tags?.language,
      startSeconds: starts.reduce((least, start) => Math.min(least, start), Number.POSITIVE_INFINITY),
      endSeconds: ends.reduce((most, end) => Math.max(most, end), 0),
    };
  });
}
