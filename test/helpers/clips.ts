import { readFile, truncate, writeFile } from "node:fs/promises";
import { runCommand } from "../../src/process/run-command.ts";

const { signal } = new AbortController();

/** Runs ffmpeg on generated input and throws with its words when it fails. */
export async function ffmpeg(...args: readonly string[]): Promise<void> {
  const { exitCode, stderrTail } = await runCommand({ command: "ffmpeg", args: ["-v", "error", "-nostdin", "-y", ...args], signal });
  if (exitCode !== 0) throw new Error(`ffmpeg: ${stderrTail}`);
}

/** A moving picture as an input: half a second of it is a few KB. */
export const picture = ({ size = "320x240", rate = "30", seconds = 2, filters = "" } = {}): readonly string[] => [
  ...["-f", "lavfi", "-i", `testsrc2=size=${size}:rate=${rate}:duration=${seconds}${filters && `,${filters}`}`],
];

export const tone = ({ frequency = 440, seconds = 2 } = {}): readonly string[] => [
  ...["-f", "lavfi", "-i", `sine=frequency=${frequency}:sample_rate=48000:duration=${seconds}`],
];

/** Quick, small H.264 and AAC. */
export const FAST = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-crf", "40", "-c:a", "aac", "-b:a", "32k"] as const;

/** H.264 that may be published as it is: High or Main below every cap, BT.709 by its tags. One thread: several give other bytes each time. */
export const COPYABLE = [
  ...["-c:v", "libx264", "-threads", "1", "-preset", "superfast", "-pix_fmt", "yuv420p"],
  ...["-b:v", "350k", "-maxrate", "350k", "-bufsize", "350k"],
  ...["-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv", "-c:a", "aac", "-b:a", "64k"],
] as const;

/** Changes a file's bytes in place. */
export async function patch(path: string, change: (bytes: Buffer) => void): Promise<void> {
  const bytes = await readFile(path);
  change(bytes);
  await writeFile(path, bytes);
}

/** Cuts a file to a share of its length. */
export async function cut(path: string, share: number): Promise<void> {
  await truncate(path, Math.floor((await readFile(path)).length * share));
}

const MATRICES = {
  90: [0, 1, -1, 0],
  180: [-1, 0, 0, -1],
  270: [0, -1, 1, 0],
} as const;

/** Turns the first track of an MP4 by its display matrix (ISO/IEC 14496-12 8.3.2), clockwise, as phones do. */
export const rotate = (path: string, degrees: keyof typeof MATRICES): Promise<void> => setMatrix(path, MATRICES[degrees]);

/** Gives the first track of an MP4 the cells a, b, c and d of its display matrix. */
export const setMatrix = (path: string, [a, b, c, d]: readonly [number, number, number, number]): Promise<void> =>
  patch(path, (bytes) => {
    const matrix = bytes.indexOf("tkhd") + 4 + 40;
    for (const [offset, value] of [
      [0, a],
      [4, b],
      [12, c],
      [16, d],
    ] as const)
      bytes.writeInt32BE(Math.round(value * 0x10000), matrix + offset);
  });

/** Lets an edit list show only the first part of the first track. */
export const trimByEditList = (path: string, share: number): Promise<void> =>
  patch(path, (bytes) => {
    const at = bytes.indexOf("elst") + 12;
    bytes.writeUInt32BE(Math.round(bytes.readUInt32BE(at) * share), at);
  });
