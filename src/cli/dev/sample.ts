import { runCommand } from "../../process/run-command.ts";

const SECONDS = 20;
/** The name dev uploads it under. */
export const SAMPLE_NAME = "sample.mp4";

/** The ffmpeg arguments of a 20 s clip, 1280x720 at 30 fps: a test picture with a clock, a tone that rises every second and a beep on it. */
export const sampleArgs = (path: string): readonly string[] => [
  ...["-nostdin", "-v", "error", "-y"],
  ...["-f", "lavfi", "-i", `testsrc2=size=1280x720:rate=30:duration=${SECONDS}`],
  ...["-f", "lavfi", "-i", `aevalsrc=${tone()}:sample_rate=48000:duration=${SECONDS}`],
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

/** Makes the sample clip. Throws with ffmpeg's last words when it cannot. */
export async function makeSample({ ffmpeg, path, signal }: { ffmpeg: string; path: string; signal: AbortSignal }): Promise<void> {
  const { ended, exitCode, stderrTail } = await runCommand({ command: ffmpeg, args: sampleArgs(path), signal });
  signal.throwIfAborted();
  if (ended !== "exit" || exitCode !== 0)
    throw new Error(`ffmpeg made no sample clip (${ended}, exit code ${exitCode}): ${stderrTail.trim()}`);
}
