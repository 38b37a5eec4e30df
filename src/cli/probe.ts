import type { Environment } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { formatRational } from "../domain/rational.ts";
import type { AudioTrack, Source, TextTrack, VideoTrack } from "../domain/source.ts";
import { columns, formatBitrate, formatBytes, formatDuration, printJson, printLine } from "./print.ts";
import { probeArgument } from "./probe-argument.ts";
import { readArguments } from "./usage.ts";

const USAGE = {
  usage: "probe SRC [--json]",
  about: "Says what a source is, as measured. SRC is a file or s3://BUCKET/KEY. Exit code 65 when it would be rejected.",
  options: { json: { type: "boolean" } },
  positionals: 1,
} as const;

/** `ladderd probe SRC`: prints the source as it is probed for a job. */
export async function probe(argv: readonly string[], env: Environment): Promise<number> {
  const { values, positionals } = readArguments(argv, USAGE);
  const source = await probeArgument(positionals[0] ?? "", loadConfig({ env }));
  if (values.json) printJson(source);
  else for (const line of describeSource(source)) printLine(line);
  return 0;
}

/** The source as lines for people. */
export function describeSource(source: Source): readonly string[] {
  return columns([
    ["container", source.container],
    ["size", formatBytes(source.sizeBytes)],
    ["duration", formatDuration(source.durationSeconds)],
    ...(source.video ? [["video", describeVideo(source.video)]] : []),
    ...source.audio.map((track) => ["audio", describeAudio(track)]),
    ...source.text.map((track) => ["text", describeText(track)]),
    ...source.ignored.map((what) => ["ignored", what]),
    ...source.defects.map((what) => ["defect", what]),
  ]);
}

function describeVideo(video: VideoTrack): string {
  const { codec, displayWidth, displayHeight, frameRate, pixelFormat, bitrateBps } = video;
  return [
    codec,
    `${displayWidth}x${displayHeight}`,
    `${formatRational(frameRate)} fps${video.variableFrameRate ? " (variable)" : ""}`,
    pixelFormat,
    ...(video.rotation === 0 ? [] : [`rotated ${video.rotation}°`]),
    ...(video.interlaced ? ["interlaced"] : []),
    ...(video.hdr ? [video.hdr] : []),
    formatBitrate(bitrateBps),
  ].join(", ");
}

const describeAudio = ({ codec, channels, sampleRate, language, title }: AudioTrack): string =>
  [codec, `${channels} ch`, `${sampleRate} Hz`, language, ...(title === undefined ? [] : [JSON.stringify(title)])].join(", ");

const describeText = ({ codec, language, forced }: TextTrack): string => [codec, language, ...(forced ? ["forced"] : [])].join(", ");
