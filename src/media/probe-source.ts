import { open, stat } from "node:fs/promises";
import { SourceError } from "../domain/errors.ts";
import type { Source, VideoTrack } from "../domain/source.ts";
import type { CommandResult } from "../process/run-command.ts";
import type { Measured } from "./build-source.ts";
import { buildSource } from "./build-source.ts";
import type { FieldTools } from "./detect-fields.ts";
import { detectFields, hasFlaggedFields, whereFieldsHide } from "./detect-fields.ts";
import { isEncrypted, isEncryptedHead } from "./encryption.ts";
import type { ProbeReport } from "./ffprobe-json.ts";
import { parseProbeReport } from "./ffprobe-json.ts";
import { gopStats } from "./gop-stats.ts";
import type { SourceLimits } from "./limits.ts";
import { enforceLimits } from "./limits.ts";
import { withKeyframeGrid } from "./measure-grid.ts";
import { parsePacketLine } from "./packet-line.ts";
import { packetStats } from "./packet-stats.ts";
import type { Ffprobe, FfprobeTools } from "./run-ffprobe.ts";
import { ffprobeOn } from "./run-ffprobe.ts";
import type { Sniffed } from "./sniff.ts";
import { sniff } from "./sniff.ts";
import { withSoundChanges } from "./sound-changes.ts";

export interface ProbeTools extends FfprobeTools, FieldTools {
  readonly limits: SourceLimits;
}

const HEAD_BYTES = 4096;
const REPORT_DEADLINE_MS = 60_000;
const PACKETS_DEADLINE_MS = 600_000;
/** A file type box and nothing else is not a cut film. */
const SMALLEST_MEDIA_BYTES = 1024;

/**
 * Reads what a local file is, by ffprobe's report and one pass over its packets. Throws SourceError: source_empty,
 * source_playlist, source_not_media, source_no_video, source_codec, source_encrypted, source_truncated, source_limits;
 * EngineError when ffprobe is not there or dies.
 */
export async function probeSource(path: string, tools: ProbeTools, signal: AbortSignal): Promise<Source> {
  const { size } = await stat(path);
  const sniffed = await sniffSource(path, size);
  const ffprobe = ffprobeOn(path, tools, signal);
  const result = await ffprobe({ args: ["-show_format", "-show_streams", "-of", "json"], deadlineMs: REPORT_DEADLINE_MS });
  const report = result.exitCode === 0 ? parseProbeReport(result.stdout) : undefined;
  if (!report?.streams.length) throw unreadable(result, { sniffed, bytes: size });
  refuseSizes(report, result);
  const { packets, packetsRead, gops, stderr } = await readPackets(ffprobe, picturesOf(report));
  const isCut = sniffed === "riff-cut" || /ended prematurely|partial file|truncated/i.test(stderr);
  const source = buildSource(report, { sizeBytes: size, packets, packetsRead, isCut });
  enforceLimits(source, tools.limits, largestStep(packets, source));
  const sounding = await withSoundChanges(source, ffprobe);
  const gridded = await withKeyframeGrid(sounding, { path, streams: report.streams, gops }, signal);
  return withFields(gridded, report, {
    flagged: ({ index }) => hasFlaggedFields(ffprobe, index),
    seen: (video) => detectFields(path, video, { tools, signal }),
  });
}

/** What the first bytes give away, before any demuxer sees them. */
async function sniffSource(path: string, size: number): Promise<Sniffed> {
  if (size === 0) throw new SourceError("source_empty", "the source has no bytes");
  const head = await readHead(path);
  const sniffed = sniff(head, size);
  if (sniffed === "playlist") throw new SourceError("source_playlist", "the source is a playlist that names other files, not media");
  if (isEncryptedHead(head) || (sniffed === "iso-media" && (await isEncrypted(path))))
    throw new SourceError("source_encrypted", "the source is encrypted");
  return sniffed;
}

/** What no header says is looked for in the picture itself. */
async function withFields(
  source: Source,
  { streams }: ProbeReport,
  look: {
    readonly flagged: (video: VideoTrack) => Promise<boolean>;
    readonly seen: (video: VideoTrack) => Promise<VideoTrack["firstField"]>;
  },
): Promise<Source> {
  const { video } = source;
  const declared = streams.find(({ index }) => index === video?.index)?.field_order;
  const where = video ? whereFieldsHide(video.codec, declared) : "nowhere";
  if (!video || where === "nowhere") return source;
  if (where === "flags") return (await look.flagged(video)) ? { ...source, video: { ...video, interlaced: true } } : source;
  const firstField = await look.seen(video);
  return firstField ? { ...source, video: { ...video, interlaced: true, firstField } } : source;
}

/** The streams whose GOPs are looked at. */
const picturesOf = ({ streams }: ProbeReport): ReadonlySet<number> =>
  new Set(streams.filter(({ codec_name: codec }) => codec === "h264").map(({ index }) => index));

const largestStep = (packets: Measured["packets"], { video }: Source): number =>
  (video && packets.get(video.index)?.largestStepSeconds) ?? 0;

async function readHead(path: string): Promise<Buffer> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  return buffer.subarray(0, bytesRead);
}

async function readPackets(ffprobe: Ffprobe, pictures: ReadonlySet<number>) {
  const collectors = new Map([...pictures].map((index) => [index, gopStats()] as const));
  const byStream = new Map<number, ReturnType<typeof packetStats>>();
  const packetsRead = new Map<number, number>();
  const { stderrTail } = await ffprobe({
    args: ["-show_entries", "packet=stream_index,pts_time,dts_time,duration_time,size,pos,flags", "-of", "compact=p=0"],
    deadlineMs: PACKETS_DEADLINE_MS,
    onStdoutLine: (line) => {
      const parsed = parsePacketLine(line);
      if (!parsed) return;
      const { streamIndex, packet } = parsed;
      packetsRead.set(streamIndex, (packetsRead.get(streamIndex) ?? 0) + 1);
      if (packet.isHidden) collectors.get(streamIndex)?.addHidden();
      if (packet.isHidden) return;
      collectors.get(streamIndex)?.add(packet);
      const stats = byStream.get(streamIndex) ?? packetStats();
      byStream.set(streamIndex, stats);
      stats.add(packet);
    },
  });
  const packets = new Map(
    [...byStream].flatMap(([index, stats]) => {
      const result = stats.result();
      return result ? [[index, result] as const] : [];
    }),
  );
  const gops = new Map([...collectors].map(([index, collector]) => [index, collector.result()] as const));
  return { packets, packetsRead, gops, stderr: stderrTail };
}

/** A picture whose size ffprobe refuses has none in its report. */
function refuseSizes({ streams }: ProbeReport, { stderrTail }: CommandResult): void {
  if (streams.some(({ width }) => width) || !/Picture size/.test(stderrTail)) return;
  throw new SourceError("source_limits", "the source's picture has a size that is not accepted", {
    facts: { ffprobe: stderrTail.slice(-500) },
  });
}

interface Clues {
  readonly sniffed: Sniffed;
  readonly bytes: number;
}

/** Why ffprobe could not read it, from its own words; they decide only which rejection it is. */
function unreadable({ stderrTail }: CommandResult, { sniffed, bytes }: Clues): SourceError {
  const facts = { ffprobe: stderrTail.slice(-500) };
  const codec = /Codec \((\S+)\) not on whitelist/.exec(stderrTail)?.[1];
  if (codec) return new SourceError("source_codec", `the codec ${codec} is not accepted`, { facts });
  if (/max_streams|exceeds specified max pixel|Picture size|Cannot allocate memory/.test(stderrTail))
    return new SourceError("source_limits", "the source has more streams, pixels or data in one piece than accepted", { facts });
  if (sniffed === "iso-media" && bytes >= SMALLEST_MEDIA_BYTES && /moov atom not found/.test(stderrTail))
    return new SourceError("source_truncated", "the file ends before its index (moov)", { facts });
  if (sniffed === "riff-cut") return new SourceError("source_truncated", "the file is shorter than its header says", { facts });
  return new SourceError("source_not_media", "the source is not media that ffprobe can read", { facts });
}
