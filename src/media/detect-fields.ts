import type { VideoTrack } from "../domain/source.ts";
import { runCommand } from "../process/run-command.ts";
import { succeeded } from "../process/run-unit.ts";
import type { SandboxAbilities } from "../process/sandbox.ts";
import { sandboxed } from "../process/sandbox.ts";
import type { InputLimits } from "./input-guards.ts";
import { inputGuards, programGuards } from "./input-guards.ts";
import type { Ffprobe } from "./run-ffprobe.ts";

export interface FieldTools {
  readonly ffmpegPath: string;
  readonly limits: InputLimits;
  readonly sandbox: SandboxAbilities;
}

/** Four seconds of PAL, from where films are no longer titles. */
const SAMPLE_FRAMES = 100;
const SAMPLE_AT = 0.3;
const CPU_SECONDS = 60;
const DEADLINE_MS = 60_000;
/** Codecs that may hold fields without saying so where ffprobe looks; the others are progressive or always say. */
const FIELD_CODECS: ReadonlySet<string> = new Set([
  ...["h264", "hevc", "mpeg1video", "mpeg2video", "mpeg4", "mjpeg", "prores", "dnxhd", "vc1", "wmv3"],
]);
/** Frames seen as fields for each one seen as a whole: 1.4 was measured on whole frames of fine lines, 20 and more on fields. */
const FIELDS_FOR_EACH_WHOLE = 4;
const FEWEST_FRAMES = 5;

/** Where to look for fields that a stream does not declare: nowhere, in its frames' flags, or in the pictures themselves. */
export function whereFieldsHide(codec: string, fieldOrder: string | undefined): "nowhere" | "flags" | "pictures" {
  if (!FIELD_CODECS.has(codec)) return "nowhere";
  if (fieldOrder === undefined || fieldOrder === "unknown") return "pictures";
  // A container that was told nothing says "progressive" as well.
  return fieldOrder === "progressive" ? "flags" : "nowhere";
}

const FLAGGED_FRAMES = 3;

/** Whether the decoder flags the first frames as fields, whatever the container says. */
export async function hasFlaggedFields(ffprobe: Ffprobe, index: number): Promise<boolean> {
  const flags: string[] = [];
  await ffprobe({
    args: [
      ...["-select_streams", `${index}`, "-read_intervals", `%+#${FLAGGED_FRAMES}`],
      ...["-show_entries", "frame=interlaced_frame", "-of", "compact=p=0"],
    ],
    deadlineMs: DEADLINE_MS,
    onStdoutLine: (line) => flags.push(...(/interlaced_frame=\d/.exec(line) ?? [])),
  });
  return flags.length > 0 && flags.every((flag) => flag.endsWith("1"));
}

/**
 * The field that comes first, by ffmpeg's idet on a bounded sample inside every fence; undefined for progressive pictures
 * and for a sample that cannot be read (the encode will say why). Throws the signal's reason.
 */
export async function detectFields(
  path: string,
  video: VideoTrack,
  { tools, signal }: { tools: FieldTools; signal: AbortSignal },
): Promise<VideoTrack["firstField"]> {
  const votes = { tff: 0, bff: 0, progressive: 0 };
  const command = sandboxed(
    { command: tools.ffmpegPath, args: sampleArguments(path, video, tools.limits) },
    { cpuSeconds: CPU_SECONDS, reads: [path] },
    tools.sandbox,
  );
  const onStdoutLine = (line: string): void => {
    const vote = /idet\.multiple\.current_frame=(tff|bff|progressive)$/.exec(line)?.[1];
    if (vote === "tff" || vote === "bff" || vote === "progressive") votes[vote] += 1;
  };
  const result = await runCommand({ ...command, signal, deadlineMs: DEADLINE_MS, onStdoutLine });
  signal.throwIfAborted();
  return succeeded(result) ? decideFields(votes) : undefined;
}

/** The field order that a sample's frames speak for. */
export function decideFields({ tff, bff, progressive }: { tff: number; bff: number; progressive: number }): VideoTrack["firstField"] {
  const fields = tff + bff;
  if (fields < FEWEST_FRAMES || fields < FIELDS_FOR_EACH_WHOLE * progressive) return undefined;
  return tff >= bff ? "top" : "bottom";
}

const sampleArguments = (path: string, { index, durationSeconds }: VideoTrack, limits: InputLimits): string[] => [
  ...[
    "-v",
    "error",
    ...programGuards(),
    ...inputGuards(limits),
    "-noautorotate",
    "-ss",
    (durationSeconds * SAMPLE_AT).toFixed(3),
    "-i",
    path,
  ],
  ...["-map", `0:${index}`, "-frames:v", `${SAMPLE_FRAMES}`],
  ...["-vf", "idet,metadata=mode=print:key=lavfi.idet.multiple.current_frame:file=-", "-f", "null", "-"],
];
