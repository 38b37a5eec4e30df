import { SourceError } from "../domain/errors.ts";
import type { AudioTrack, Source, TextTrack } from "../domain/source.ts";
import type { ProbeReport, ProbedStream } from "./ffprobe-json.ts";
import { PICTURE_ONLY_CODECS } from "./input-guards.ts";
import { languageTag, safeTitle } from "./labels.ts";
import type { PacketStats } from "./packet-stats.ts";
import { buildVideoTrack } from "./video-track.ts";

export interface Measured {
  readonly sizeBytes: number;
  /** By stream index. */
  readonly packets: ReadonlyMap<number, PacketStats>;
  /** Packets read by stream index, hidden ones included. */
  readonly packetsRead: ReadonlyMap<number, number>;
  /** The container itself says that bytes are missing at its end. */
  readonly isCut: boolean;
}

/** More than this missing and the source is rejected, less and it is published as degraded (R-X8). */
const MISSING_ALLOWED = 0.05;
const TEXT_CODECS: ReadonlySet<string> = new Set(["subrip", "srt", "ass", "ssa", "mov_text", "webvtt", "text"]);

/**
 * Turns ffprobe's report and the measured packets into a Source. Throws SourceError: source_no_video (neither picture
 * nor sound), source_codec, source_encrypted, source_truncated.
 */
export function buildSource(report: ProbeReport, measured: Measured): Source {
  const ignored: string[] = [];
  refuseEncrypted(report);
  const videoStream = pickVideo(report, measured, ignored);
  const video = videoStream && buildMeasured(videoStream, measured, buildVideoTrack);
  const audio = report.streams
    .filter((stream) => isUsableAudio(stream, measured, ignored))
    .flatMap((stream) => buildMeasured(stream, measured, buildAudioTrack) ?? []);
  if (!video && audio.length === 0) throw nothingToPlay(report);
  const main = video ?? audio[0];
  const defects = missingMedia(report, measured, videoStream ?? report.streams.find((stream) => stream.index === audio[0]?.index));
  return {
    container: report.format.format_name,
    sizeBytes: measured.sizeBytes,
    durationSeconds: main?.durationSeconds ?? 0,
    startSeconds: report.format.start_time ?? 0,
    ...(video ? { video } : {}),
    audio,
    text: report.streams.filter((stream) => stream.codec_type === "subtitle" && isText(stream, ignored)).map(buildTextTrack),
    ignored,
    defects,
  };
}

function refuseEncrypted(report: ProbeReport): void {
  const encrypted = report.streams.find((stream) => ["encv", "enca"].includes(stream.codec_tag_string ?? ""));
  if (encrypted) throw new SourceError("source_encrypted", `stream ${encrypted.index} is encrypted`);
}

/** The default stream, the first where several claim to be; where none does, the largest picture. */
function pickVideo(report: ProbeReport, measured: Measured, ignored: string[]): ProbedStream | undefined {
  const candidates = report.streams.filter((stream) => {
    if (stream.codec_type !== "video") return false;
    const reason = whyNotVideo(stream, measured);
    if (reason) ignored.push(`stream ${stream.index}: ${reason}`);
    return !reason;
  });
  const area = ({ width = 0, height = 0 }: ProbedStream): number => width * height;
  const chosen = candidates.find((stream) => stream.disposition["default"] === 1) ?? candidates.toSorted((a, b) => area(b) - area(a))[0];
  for (const other of candidates) if (other !== chosen) ignored.push(`stream ${other.index}: another video`);
  return chosen;
}

function whyNotVideo(stream: ProbedStream, { packets }: Measured): string | undefined {
  const { disposition, codec_name: codec } = stream;
  if (disposition["attached_pic"] === 1 || disposition["timed_thumbnails"] === 1) return "attached picture";
  if (disposition["still_image"] === 1) return "still image";
  if (!codec || codec === "unknown") return "unknown video codec";
  if (PICTURE_ONLY_CODECS.has(codec)) return `${codec} is taken for pictures only`;
  if (!packets.has(stream.index)) return "no frames";
  return stream.width && stream.height ? undefined : "no picture size";
}

function isUsableAudio(stream: ProbedStream, { packets }: Measured, ignored: string[]): boolean {
  if (stream.codec_type !== "audio") return false;
  const usable =
    Boolean(stream.codec_name && stream.codec_name !== "unknown" && stream.channels && stream.sample_rate) && packets.has(stream.index);
  if (!usable) ignored.push(`stream ${stream.index}: audio that cannot be decoded`);
  return usable;
}

function isText(stream: ProbedStream, ignored: string[]): boolean {
  const known = TEXT_CODECS.has(stream.codec_name ?? "");
  if (!known) ignored.push(`stream ${stream.index}: ${stream.codec_name ?? "unknown"} subtitles are not text`);
  return known;
}

function buildMeasured<T>(stream: ProbedStream, measured: Measured, build: (stream: ProbedStream, stats: PacketStats) => T): T | undefined {
  const stats = measured.packets.get(stream.index);
  return stats && build(stream, stats);
}

function buildAudioTrack(stream: ProbedStream, stats: PacketStats): AudioTrack {
  const title = safeTitle(stream.tags.get("title"));
  return {
    index: stream.index,
    codec: stream.codec_name ?? "unknown",
    channels: stream.channels ?? 2,
    sampleRate: stream.sample_rate ?? 48_000,
    language: languageTag(stream.tags.get("language")),
    ...(title ? { title } : {}),
    isDefault: stream.disposition["default"] === 1,
    startSeconds: stats.firstSeconds,
    durationSeconds: stats.endSeconds - stats.firstSeconds,
  };
}

function buildTextTrack(stream: ProbedStream): TextTrack {
  const title = safeTitle(stream.tags.get("title"));
  const { index, codec_name: codec = "unknown", disposition } = stream;
  return {
    index,
    codec,
    language: languageTag(stream.tags.get("language")),
    ...(title ? { title } : {}),
    forced: disposition["forced"] === 1,
  };
}

function nothingToPlay(report: ProbeReport): SourceError {
  const unknown = report.streams.find(
    (stream) => ["video", "audio"].includes(stream.codec_type ?? "") && (stream.codec_name ?? "unknown") === "unknown",
  );
  if (unknown)
    return new SourceError("source_codec", `stream ${unknown.index} is in an unknown codec (${unknown.codec_tag_string ?? "no tag"})`);
  return new SourceError("source_no_video", "the source has neither a picture nor sound that can be decoded");
}

/** Compares what the header counts with what could be read; a header's duration alone proves nothing. */
function missingMedia(report: ProbeReport, measured: Measured, main: ProbedStream | undefined): string[] {
  const read = (main && measured.packetsRead.get(main.index)) ?? 0;
  const declared = main?.nb_frames ?? 0;
  const counted = declared > read && report.format.format_name.includes("mp4") ? 1 - read / declared : 0;
  const timed = shortfall(report, measured, main);
  // Frames that an edit list hides are counted but neither read nor part of the duration.
  const missing = measured.isCut ? Math.max(counted, timed) : Math.min(counted, timed);
  if (missing > MISSING_ALLOWED) {
    throw new SourceError("source_truncated", `${Math.round(missing * 100)} % of the media is missing from the file`, {
      facts: { framesDeclared: declared, framesRead: read },
    });
  }
  return missing > 0 ? ["truncated"] : [];
}

/** The share of the declared duration that no packet covers. */
function shortfall(report: ProbeReport, { packets }: Measured, main: ProbedStream | undefined): number {
  const span = main && packets.get(main.index);
  const declaredSeconds = main?.duration ?? report.format.duration ?? 0;
  return span && declaredSeconds > 0 ? Math.max(0, 1 - (span.endSeconds - span.firstSeconds) / declaredSeconds) : 0;
}
