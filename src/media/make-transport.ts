import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { EngineError, OutputError } from "../domain/errors.ts";
import type { RenditionFacts } from "../packaging/facts.ts";
import type { TransportStream } from "../packaging/transport.ts";
import { TRANSPORT_ORIGIN_SECONDS, transportName, transportReader } from "../packaging/transport.ts";
import { runCommand } from "../process/run-command.ts";
import { succeeded } from "../process/run-unit.ts";
import { sandboxed } from "../process/sandbox.ts";
import { joinFiles } from "./join-files.ts";
import { joinSegments } from "./join-segments.ts";
import type { ReadPacket } from "./packet-line.ts";
import { parsePacketLine } from "./packet-line.ts";
import type { FfprobeTools } from "./run-ffprobe.ts";
import { ffprobeOn } from "./run-ffprobe.ts";

export interface TransportTools extends FfprobeTools {
  readonly ffmpegPath: string;
}

/** Renditions in clear, below the folder of the revision on disk. */
export interface TransportRequest {
  readonly outDir: string;
  readonly picture: RenditionFacts;
  /** In one file that ffmpeg reads; see joinSound. */
  readonly soundPath: string | undefined;
  readonly segmentSeconds: number;
}

const DEADLINE_MS = 1_800_000;

/** Writes a rendition's segments into one file of `outDir` and resolves to its path; the caller removes it. */
export async function joinRendition({ id, segments }: RenditionFacts, outDir: string, signal: AbortSignal): Promise<string> {
  const path = join(outDir, `${id}.joined.mp4`);
  await joinSegments({ folder: join(outDir, id), segments, key: undefined }, path, signal);
  return path;
}

/**
 * Writes a rendition and its sound again as segments of MPEG-TS, flat in `outDir`; nothing is encoded. What was written is
 * read back: every picture is there, and every segment begins with a keyframe at its time. Throws EngineError engine_failed,
 * OutputError output_misaligned.
 */
export async function makeTransport(request: TransportRequest, tools: TransportTools, signal: AbortSignal): Promise<TransportStream> {
  const { outDir, picture, soundPath } = request;
  const { id } = picture;
  const [playlist, joined] = [join(outDir, `${id}.ffmpeg.m3u8`), join(outDir, `${id}.joined.ts`)];
  const picturePath = await joinRendition(picture, outDir, signal);
  try {
    const args = transportArguments({ ...request, picturePath, playlist });
    const reads = [picturePath, ...(soundPath === undefined ? [] : [soundPath])];
    const command = sandboxed({ command: tools.ffmpegPath, args }, { reads, writes: [outDir] }, tools.sandbox);
    const result = await runCommand({ ...command, signal, deadlineMs: DEADLINE_MS });
    signal.throwIfAborted();
    if (!succeeded(result))
      throw new EngineError("engine_failed", "MPEG-TS could not be made", { facts: { stderr: result.stderrTail.slice(-2000) } });
    await rm(picturePath, { force: true });
    const paths = await segmentsIn(outDir, id);
    const files = await Promise.all(paths.map(async (path) => ({ path, bytes: (await stat(path)).size })));
    return await readBack({ files, joined, picture }, { tools, signal });
  } finally {
    await Promise.all([picturePath, playlist, joined].map((path) => rm(path, { force: true })));
  }
}

interface Writing extends TransportRequest {
  readonly picturePath: string;
  readonly playlist: string;
}

/** Pure. */
export function transportArguments({ outDir, picture, picturePath, soundPath, playlist, segmentSeconds }: Writing): string[] {
  return [
    ...["-v", "error", "-nostdin", "-y"],
    ...[picturePath, ...(soundPath === undefined ? [] : [soundPath])].flatMap(inputArguments),
    ...["-map", "0:v"],
    ...(soundPath === undefined ? [] : ["-map", "1:a"]),
    ...["-c", "copy", "-map_metadata", "-1"],
    // Times stay what they are, from an origin that leaves room for decode times before it.
    ...["-avoid_negative_ts", "disabled", "-output_ts_offset", `${TRANSPORT_ORIGIN_SECONDS}`],
    // A segment ends before the first keyframe at or after so many of this length: rounded down, that is always its own.
    ...["-f", "hls", "-hls_time", `${Math.floor(segmentSeconds * 1e6) / 1e6}`, "-hls_list_size", "0", "-hls_playlist_type", "vod"],
    ...["-hls_segment_type", "mpegts", "-hls_segment_options", "mpegts_copyts=1", "-start_number", "0"],
    ...["-hls_segment_filename", join(outDir, picture.id).replaceAll("%", "%%") + "%05d.ts", playlist],
  ];
}

const inputArguments = (path: string): readonly string[] => ["-protocol_whitelist", "file", "-f", "mov", "-i", path];

async function segmentsIn(outDir: string, id: string): Promise<readonly string[]> {
  const names = new Set(await readdir(outDir));
  const found: string[] = [];
  while (names.has(transportName(id, found.length))) found.push(transportName(id, found.length));
  return found.map((name) => join(outDir, name));
}

interface SegmentFile {
  readonly path: string;
  readonly bytes: number;
}

interface ReadingBack {
  readonly files: readonly SegmentFile[];
  /** Where some of them lie one after the other for a while. */
  readonly joined: string;
  readonly picture: RenditionFacts;
}

interface Reading {
  readonly tools: FfprobeTools;
  readonly signal: AbortSignal;
}

async function readBack({ files, joined, picture }: ReadingBack, { tools, signal }: Reading): Promise<TransportStream> {
  const reader = transportReader({ facts: picture, sizes: files.map(({ bytes }) => bytes) });
  let from = 0;
  for (const group of groupsOf(files)) {
    await joinFiles(
      group.map(({ path }) => path),
      joined,
      signal,
    );
    const base = from;
    await eachPicture(joined, { tools, signal }, (packet) => {
      reader.add({ ...packet, offset: packet.offset === undefined ? undefined : base + packet.offset });
    });
    from += group.reduce((sum, { bytes }) => sum + bytes, 0);
  }
  const stream = reader.result();
  if (typeof stream !== "string") return stream;
  throw new OutputError("output_misaligned", `MPEG-TS of ${picture.id} ${stream}`);
}

/** A process for each segment would take longer than the rest, one for all of a long film longer than ffprobe may run. */
export const GROUP_BYTES = 256 * 1024 * 1024;

/** Runs of files of so many bytes each, or a file that is larger. */
export function groupsOf(files: readonly SegmentFile[], groupBytes = GROUP_BYTES): readonly (readonly SegmentFile[])[] {
  const groups: SegmentFile[][] = [];
  let left = 0;
  for (const file of files) {
    if (file.bytes > left) {
      groups.push([]);
      left = groupBytes;
    }
    groups.at(-1)?.push(file);
    left -= file.bytes;
  }
  return groups;
}

async function eachPicture(path: string, { tools, signal }: Reading, add: (packet: ReadPacket) => void): Promise<void> {
  const { exitCode } = await ffprobeOn(
    path,
    tools,
    signal,
  )({
    args: ["-select_streams", "v:0", "-show_entries", "packet=stream_index,pts_time,pos,flags", "-of", "compact=p=0"],
    deadlineMs: DEADLINE_MS,
    onStdoutLine: (line) => {
      const packet = parsePacketLine(line)?.packet;
      if (packet) add(packet);
    },
  });
  if (exitCode !== 0) throw new OutputError("output_misaligned", "MPEG-TS that was just written cannot be read");
}
