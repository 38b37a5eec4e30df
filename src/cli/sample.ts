import { runCommand } from "../process/run-command.ts";

/** What a clip shows does not depend on it. */
export interface ClipShape {
  readonly seconds: number;
  /** "1280x720". */
  readonly size: string;
}

const SAMPLE: ClipShape = { seconds: 20, size: "1280x720" };
/** What a machine is tried with: two renditions of one segment. */
export const PROOF: ClipShape = { seconds: 2, size: "640x360" };
/** The name dev uploads it under. */
export const SAMPLE_NAME = "sample.mp4";

/** The ffmpeg arguments of a clip at 30 fps, 20 s of 1280x720 unless it is to be another: a test picture with a clock, a tone that rises every second and a beep on it. */
export const sampleArgs = (path: string, { seconds, size } = SAMPLE): readonly string[] => [
  ...["-nostdin", "-v", "error", "-y"],
  ...["-f", "lavfi", "-i", `testsrc2=size=${size}:rate=30:duration=${seconds}`],
  ...["-f", "lavfi", "-i", `aevalsrc=${tone()}:sample_rate=48000:duration=${seconds}`],
  ...["-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-pix_fmt", "yuv420p"],
  ...["-c:a", "aac", "-b:a", "128k", "-metadata:s:a:0", "language=eng"],
  ...["-movflags", "+faststart", path],
];

/** Left: a scale that starts again every 8 s. Right: a beep at the start of every second, so that lip sync can be heard. */
function tone(): string {
  const scale = String.raw`0.15*sin(2*PI*t*220*pow(2\,mod(floor(t)\,8)/8))`;
  const beep = String.raw`0.4*sin(2*PI*t*880)*lt(mod(t\,1)\,0.08)`;
  return `${scale}|${beep}+${scale}`;
}

export interface SampleRequest {
  readonly ffmpeg: string;
  readonly path: string;
  readonly shape?: ClipShape;
  readonly signal: AbortSignal;
}

/** Makes the sample clip. Throws with ffmpeg's last words when it cannot. */
export async function makeSample({ ffmpeg, path, shape, signal }: SampleRequest): Promise<void> {
  const { ended, exitCode, stderrTail } = await runCommand({ command: ffmpeg, args: sampleArgs(path, shape), signal });
  signal.throwIfAborted();
  if (ended !== "exit" || exitCode !== 0)
    throw new Error(`ffmpeg made no sample clip (${ended}, exit code ${exitCode}): ${stderrTail.trim()}`);
}
