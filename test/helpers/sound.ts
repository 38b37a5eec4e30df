import { readFile } from "node:fs/promises";
import { runCommand } from "../../src/process/run-command.ts";
import { ffmpeg } from "./clips.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const RATE = 48_000;

/** How loud each tone of a chord is at its source. */
export const TONE_LEVEL = 0.1;

/** A sound with a tone of its own in each channel, as an input. */
export function chord(layout: string, frequencies: readonly number[], { seconds = 2, rate = RATE } = {}): readonly string[] {
  const tones = frequencies.map((frequency) => `${TONE_LEVEL}*sin(2*PI*${frequency}*t)`).join("|");
  return ["-f", "lavfi", "-i", `aevalsrc=exprs=${tones}:channel_layout=${layout}:sample_rate=${rate}:duration=${seconds}`];
}

/** A published sound as a decoder has it, from time 0 on: one array of samples a channel. */
export async function samplesOf(path: string): Promise<readonly Float32Array[]> {
  await using folder = await temporaryFolder();
  // Without -copyts the encoder's priming, which lies before 0, would be moved to 0 and everything with it.
  await ffmpeg("-copyts", "-i", path, "-map", "0:a", "-af", `aresample=${RATE}:async=1:first_pts=0`, "-f", "f32le", folder.in("sound"));
  const channels = await channelCount(path);
  const bytes = await readFile(folder.in("sound"));
  const count = Math.floor(bytes.length / 4 / channels);
  return Array.from({ length: channels }, (_, channel) =>
    Float32Array.from({ length: count }, (_sample, index) => bytes.readFloatLE(4 * (index * channels + channel))),
  );
}

/** How many channels ffprobe reads. */
export async function channelCount(path: string): Promise<number> {
  const { stdout } = await runCommand({
    command: "ffprobe",
    args: ["-v", "error", "-select_streams", "a:0", "-show_entries", "stream=channels", "-of", "csv=p=0", path],
    signal: new AbortController().signal,
  });
  return Number.parseInt(stdout, 10);
}

/** The levels of each frequency in each channel, as shares of `TONE_LEVEL`, over the middle of the sound. */
export const tonesIn = (channels: readonly Float32Array[], frequencies: readonly number[]): number[][] =>
  channels.map((samples) => {
    const middle = samples.subarray(Math.floor(samples.length / 4), Math.floor((samples.length * 3) / 4));
    return frequencies.map((frequency) => Number((amplitude(middle, frequency) / TONE_LEVEL).toFixed(2)));
  });

function amplitude(samples: Float32Array, frequency: number): number {
  let [real, imaginary] = [0, 0];
  for (const [index, value] of samples.entries()) {
    const angle = (2 * Math.PI * frequency * index) / RATE;
    real += value * Math.cos(angle);
    imaginary += value * Math.sin(angle);
  }
  return (2 * Math.hypot(real, imaginary)) / samples.length;
}

/** From the first to the last sample above a tenth of a tone, in seconds; undefined for silence. */
export function audibleRange(samples: Float32Array | undefined): { readonly start: number; readonly end: number } | undefined {
  const isAudible = (value: number): boolean => Math.abs(value) > TONE_LEVEL / 10;
  const first = samples?.findIndex(isAudible) ?? -1;
  return samples && first >= 0 ? { start: first / RATE, end: (samples.findLastIndex(isAudible) + 1) / RATE } : undefined;
}

/** Integrated loudness (LUFS) and true peak (dBTP) of a published sound. */
export async function loudnessOf(path: string): Promise<{ readonly integrated: number; readonly truePeak: number }> {
  const { stderrTail } = await runCommand({
    command: "ffmpeg",
    args: ["-nostdin", "-nostats", "-i", path, "-map", "0:a", "-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-"],
    signal: new AbortController().signal,
  });
  return {
    integrated: Number(/^\s+I:\s+(-?[\d.]+) LUFS/m.exec(stderrTail)?.[1]),
    truePeak: Number(/^\s+Peak:\s+(-?[\d.]+) dBFS/m.exec(stderrTail)?.[1]),
  };
}
