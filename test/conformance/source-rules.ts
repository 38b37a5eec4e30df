import { z } from "zod";
import { mustRun } from "../support/command.ts";
import type { Published } from "./published.ts";
import { edgesOf } from "./published.ts";
import { shown, when } from "./rule.ts";
import { videos } from "./timing-rules.ts";

const text = z.string().optional();
const report = z.object({
  streams: z.array(
    z.object({
      index: z.int(),
      codec_type: text,
      width: z.int().optional(),
      height: z.int().optional(),
      sample_aspect_ratio: text,
      disposition: z.object({ attached_pic: z.int().default(0) }).default({ attached_pic: 0 }),
      tags: z.record(z.string(), z.string()).default({}),
      side_data_list: z.array(z.object({ rotation: z.number().optional().catch(undefined) })).default([]),
    }),
  ),
  packets: z.array(z.object({ pts_time: z.coerce.number().optional(), duration_time: z.coerce.number().default(0), flags: z.string() })),
});

/** What the source is to a viewer, by ffprobe alone. */
export interface SourceFacts {
  readonly width: number;
  readonly height: number;
  readonly seconds: number;
}

/** Size as shown and length of the first picture of a file; undefined when it has none. */
export async function sourceFacts(path: string): Promise<SourceFacts | undefined> {
  const entries =
    "stream=index,codec_type,width,height,sample_aspect_ratio:stream_disposition=attached_pic:stream_tags=rotate,ROTATE:stream_side_data=rotation";
  const json = await mustRun("ffprobe", [
    "-v",
    "error",
    "-select_streams",
    "v:0",
    "-show_entries",
    `${entries}:packet=pts_time,duration_time,flags`,
    "-of",
    "json",
    path,
  ]);
  const { streams, packets } = report.parse(JSON.parse(json));
  const [stream] = streams.filter(({ disposition }) => disposition.attached_pic === 0);
  if (!stream) return undefined;
  const seconds = spanOf(packets);
  const { width, height } = sizeOf(stream);
  return isTurned(stream) ? { width: height, height: width, seconds } : { width, height, seconds };
}

type Stream = z.infer<typeof report>["streams"][number];

/** In square pixels. */
function sizeOf({ width = 0, height = 0, sample_aspect_ratio: aspect = "1:1" }: Stream): { width: number; height: number } {
  const [num = 1, den = 1] = aspect.split(":").map(Number);
  return { width: width * (num > 0 && den > 0 ? num / den : 1), height };
}

function isTurned({ side_data_list: sideData, tags }: Stream): boolean {
  const matrix = sideData.find(({ rotation }) => rotation !== undefined)?.rotation;
  const degrees = Math.abs(matrix ?? Number(tags["rotate"] ?? tags["ROTATE"] ?? 0));
  return degrees === 90 || degrees === 270;
}

/** From the first to the end of the last packet that is shown. */
function spanOf(packets: z.infer<typeof report>["packets"]): number {
  const timed = packets.flatMap(({ pts_time: start, duration_time: duration, flags }) =>
    start === undefined || flags.includes("D") ? [] : [{ start, end: start + duration }],
  );
  return Math.max(...timed.map(({ end }) => end)) - Math.min(...timed.map(({ start }) => start));
}

const DURATION_SECONDS = 0.1;

/** No rendition is larger than the source, its aspect is kept within a pixel, and it lasts as long within a tenth of a second. */
export function againstSource({ renditions }: Published, { width, height, seconds }: SourceFacts): readonly string[] {
  return videos(renditions).flatMap((rendition) => {
    const { width: own = 0, height: tall = 0 } = rendition.stream;
    const off = Math.min(Math.abs(own - (tall * width) / height), Math.abs(tall - (own * height) / width));
    const lasts = edgesOf(rendition).at(-1) ?? 0;
    return [
      ...when(
        own > width + 1 || tall > height + 1,
        () => `${rendition.name} (${own}x${tall}) is larger than the source (${shown(width)}x${height})`,
      ),
      ...when(off > 1.01, () => `${rendition.name}: ${own}x${tall} is ${shown(off)} px off the aspect of ${shown(width)}x${height}`),
      ...when(
        Math.abs(lasts - seconds) > DURATION_SECONDS,
        () => `${rendition.name} lasts ${shown(lasts)} s, the source ${shown(seconds)} s`,
      ),
    ];
  });
}
