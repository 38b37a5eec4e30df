import { open } from "node:fs/promises";
import type { KeyframeGrid, Source } from "../domain/source.ts";
import type { ProbedStream } from "./ffprobe-json.ts";
import type { GopStats } from "./gop-stats.ts";
import { keyframeDoubt } from "./keyframe-units.ts";
import { keyframeGrid } from "./keyframe-grid.ts";
import { sampleEntriesOf } from "./sample-entries.ts";

/** What players decode everywhere; plain Baseline may hold tools that they do not. */
const PROFILES: ReadonlySet<string> = new Set(["Constrained Baseline", "Main", "High"]);
/** Level 5.2 is 2160p at 60 fps. */
const MAX_LEVEL = 52;
/** ffprobe's word for what a header leaves out. */
const UNSAID = "unknown";
const COLOURS: ReadonlySet<string> = new Set(["bt709", UNSAID]);
const ACCEPTED: readonly (readonly [what: string, read: (stream: ProbedStream) => string | undefined, accepted: ReadonlySet<string>])[] = [
  ["sample entry", (stream) => stream.codec_tag_string, new Set(["avc1"])],
  ["profile", (stream) => stream.profile, PROFILES],
  ["field order", (stream) => stream.field_order, new Set(["progressive"])],
  ["sample aspect ratio", (stream) => stream.sample_aspect_ratio, new Set(["1:1", "0:1", UNSAID])],
  ["set of primaries", (stream) => stream.color_primaries, COLOURS],
  ["transfer function", (stream) => stream.color_transfer, COLOURS],
];
/** A length of three bytes is not in the standard. */
const LENGTH_BYTES: ReadonlySet<number> = new Set([1, 2, 4]);

interface Found {
  readonly path: string;
  readonly streams: readonly ProbedStream[];
  /** By stream index. */
  readonly gops: ReadonlyMap<number, GopStats>;
}

/**
 * Adds the keyframe grid to an H.264 track of an MP4, with every doubt that headers, packets and the bytes of the
 * keyframes raise against copying it; other sources pass unchanged.
 */
export async function withKeyframeGrid(source: Source, { path, streams, gops }: Found, signal: AbortSignal): Promise<Source> {
  const { video, container } = source;
  const stream = streams.find(({ index }) => index === video?.index);
  const stats = video && gops.get(video.index);
  if (!video || !stream || !stats || video.codec !== "h264" || !container.includes("mp4")) return source;
  const doubt = headerDoubt(stream);
  const grid = doubt === undefined ? keyframeGrid(stats, video.frameRate) : none(doubt);
  const bytesDoubt = grid.kind === "constant" ? await doubtInBytes({ path, stream, stats }, signal) : undefined;
  return { ...source, video: { ...video, keyframeGrid: bytesDoubt === undefined ? grid : none(bytesDoubt) } };
}

const none = (reason: string): KeyframeGrid => ({ kind: "none", reason });

function headerDoubt(stream: ProbedStream): string | undefined {
  const wrong = ACCEPTED.map(([what, read, accepted]) => ({ what, value: read(stream) ?? UNSAID, accepted })).find(
    ({ value, accepted }) => !accepted.has(value),
  );
  if (wrong) return `its ${wrong.what} is ${wrong.value}`;
  if ((stream.level ?? Infinity) > MAX_LEVEL) return `its level is above ${MAX_LEVEL / 10}`;
  // The muxer would keep it, whatever was made of it.
  return stream.side_data_list.some(isMatrix) ? "its display matrix is not the identity" : undefined;
}

const isMatrix = ({ displaymatrix, rotation }: ProbedStream["side_data_list"][number]): boolean =>
  displaymatrix !== undefined || rotation !== undefined;

interface Keyframes {
  readonly path: string;
  readonly stream: ProbedStream;
  readonly stats: GopStats;
}

async function doubtInBytes({ path, stream, stats }: Keyframes, signal: AbortSignal): Promise<string | undefined> {
  const lengthBytes = stream.nal_length_size ?? 0;
  if (!LENGTH_BYTES.has(lengthBytes)) return "its NAL units have no length in front";
  if ((await sampleEntriesOf(path)).some((entries) => entries.length !== 1)) return "a track changes its parameters on the way";
  await using file = await open(path);
  const readAt = async (offset: number, length: number): Promise<Buffer> => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  };
  for (const { keyframe } of stats.gops) {
    signal.throwIfAborted();
    if (keyframe.offset === undefined) return "the place of its keyframes is not known";
    const doubt = await keyframeDoubt(readAt, { offset: keyframe.offset, sizeBytes: keyframe.sizeBytes, lengthBytes });
    if (doubt !== undefined) return doubt;
  }
  return undefined;
}
