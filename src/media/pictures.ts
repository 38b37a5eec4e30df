import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ContentKey } from "../domain/encryption.ts";
import type { Timeline } from "../domain/timeline.ts";
import { EngineError } from "../domain/errors.ts";
import type { RenditionFacts } from "../packaging/facts.ts";
import type { Storyboard } from "../packaging/storyboard.ts";
import { POSTER, STORYBOARD_FOLDER } from "../packaging/storyboard.ts";
import { runCommand } from "../process/run-command.ts";
import { succeeded } from "../process/run-unit.ts";
import type { SandboxAbilities } from "../process/sandbox.ts";
import { sandboxed } from "../process/sandbox.ts";
import { joinSegments } from "./join-segments.ts";
import { choosePoster, lightReader } from "./keyframe-light.ts";

export interface PictureRequest {
  /** Folder of the revision on disk; each rendition is a subfolder. */
  readonly outDir: string;
  /** The sheets come from the smallest rendition, the poster from the largest: both are upright and in BT.709 already. */
  readonly smallest: RenditionFacts;
  readonly largest: RenditionFacts;
  readonly timeline: Timeline;
  readonly storyboard: Storyboard;
  /** Of renditions that are encrypted; the pictures are in clear all the same. */
  readonly key: ContentKey | undefined;
}

export interface PictureTools {
  readonly ffmpegPath: string;
  readonly sandbox: SandboxAbilities;
}

const DEADLINE_MS = 600_000;
const SHEET_QUALITY = "5";
const POSTER_QUALITY = "3";

/**
 * Makes poster.jpg and the storyboard's sheets from the finished renditions' keyframes: one pass over the smallest one,
 * 0.4-0.8 % of the encode (MEDIA.md). Throws EngineError engine_failed.
 */
export async function makePictures(request: PictureRequest, tools: PictureTools, signal: AbortSignal): Promise<void> {
  const { outDir, smallest, largest, timeline, storyboard, key } = request;
  const work = join(outDir, "pictures.mp4");
  const run = { tools, signal, work, outDir };
  try {
    await mkdir(join(outDir, STORYBOARD_FOLDER), { recursive: true });
    await joinSegments({ folder: join(outDir, smallest.id), segments: smallest.segments, key }, work, signal);
    const light = lightReader();
    await ffmpeg(sheetArguments(work, join(outDir, STORYBOARD_FOLDER, "%d.jpg"), storyboard), { ...run, onStdoutLine: light.add });

    const keyframe = choosePoster(light.result());
    const perSegment = timeline.segmentFrames / timeline.gopFrames;
    const segments = largest.segments.slice(Math.floor(keyframe / perSegment)).slice(0, 1);
    await joinSegments({ folder: join(outDir, largest.id), segments, key }, work, signal);
    await ffmpeg(posterArguments(work, join(outDir, POSTER), keyframe % perSegment), run);
  } finally {
    await rm(work, { force: true });
  }
}

/** Renditions that are one file each, with keyframes at the same times. */
export interface FilePictureRequest {
  readonly outDir: string;
  readonly smallest: string;
  readonly largest: string;
  readonly storyboard: Storyboard;
}

/** The same pictures from files that a service made. Throws EngineError engine_failed. */
export async function makeFilePictures(
  { outDir, smallest, largest, storyboard }: FilePictureRequest,
  tools: PictureTools,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(join(outDir, STORYBOARD_FOLDER), { recursive: true });
  const light = lightReader();
  const run = { tools, signal, outDir };
  const sheets = sheetArguments(smallest, join(outDir, STORYBOARD_FOLDER, "%d.jpg"), storyboard);
  await ffmpeg(sheets, { ...run, work: smallest, onStdoutLine: light.add });
  await ffmpeg(posterArguments(largest, join(outDir, POSTER), choosePoster(light.result())), { ...run, work: largest });
}

/** Only keyframes are decoded; every one is measured, every n-th becomes a tile. */
function sheetArguments(input: string, output: string, { everyKeyframes, tileWidth, tileHeight, columns, rows }: Storyboard): string[] {
  const tiles = `select=not(mod(n\\,${everyKeyframes})),scale=${tileWidth}:${tileHeight}:flags=area,setsar=1,tile=${columns}x${rows}`;
  const graph = `[0:v]split=2[measured][shown];[measured]signalstats,metadata=mode=print:file=-,nullsink;[shown]${tiles}[sheets]`;
  return [
    ...inputArguments(input),
    "-filter_complex",
    graph,
    "-map",
    "[sheets]",
    "-fps_mode",
    "passthrough",
    "-q:v",
    SHEET_QUALITY,
    "-f",
    "image2",
    output,
  ];
}

const posterArguments = (input: string, output: string, keyframe: number): string[] => [
  ...inputArguments(input),
  ...[
    "-vf",
    `select=eq(n\\,${keyframe})`,
    "-fps_mode",
    "passthrough",
    "-frames:v",
    "1",
    "-q:v",
    POSTER_QUALITY,
    "-f",
    "image2",
    "-update",
    "1",
    output,
  ],
];

const inputArguments = (input: string): string[] => [
  "-v",
  "error",
  "-y",
  "-skip_frame",
  "nokey",
  "-protocol_whitelist",
  "file",
  "-f",
  "mov",
  "-i",
  input,
];

interface FfmpegRun {
  readonly work: string;
  readonly outDir: string;
  readonly tools: PictureTools;
  readonly signal: AbortSignal;
  readonly onStdoutLine?: (line: string) => void;
}

async function ffmpeg(args: readonly string[], { tools, signal, work, outDir, onStdoutLine }: FfmpegRun): Promise<void> {
  const command = sandboxed({ command: tools.ffmpegPath, args }, { reads: [work], writes: [outDir] }, tools.sandbox);
  const result = await runCommand({ ...command, signal, deadlineMs: DEADLINE_MS, ...(onStdoutLine ? { onStdoutLine } : {}) });
  signal.throwIfAborted();
  if (!succeeded(result))
    throw new EngineError("engine_failed", "the pictures could not be made", { facts: { stderr: result.stderrTail.slice(-2000) } });
}
