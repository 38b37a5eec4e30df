import { copyFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { mustRun } from "./command.ts";

export interface ClipOptions {
  readonly size?: string;
  /** As ffmpeg takes it: "30", "30000/1001". */
  readonly rate?: string;
  readonly seconds?: number;
  /** Languages of the audio tracks (ISO 639-2); none for silence. */
  readonly audio?: readonly string[];
  readonly hasVideo?: boolean;
  /** Languages of the text tracks; each has a line in every second. */
  readonly subtitles?: readonly string[];
  /** Clockwise degrees a player must turn the picture by. */
  readonly rotation?: number;
  /** Sample aspect ratio, as "4/3". */
  readonly sar?: string;
}

const USUAL = { size: "640x360", rate: "30", seconds: 3, audio: ["eng"], hasVideo: true, subtitles: [] };

/** Makes a small H.264 and AAC clip with a moving picture and a tone for each language. */
export async function makeClip(path: string, options: ClipOptions = {}): Promise<string> {
  const { seconds, audio, hasVideo, subtitles, rotation, ...picture } = { ...USUAL, ...options };
  const tones = audio.map((_, index) => `sine=frequency=${440 + 110 * index}:sample_rate=48000:duration=${seconds}`);
  const media = [...(hasVideo ? [pictureSource({ ...picture, seconds })] : []), ...tones];
  const lines = await Promise.all(subtitles.map((language) => writeLines(`${path}.${language}.srt`, seconds)));
  await mustRun("ffmpeg", [
    ...["-v", "error", "-y"],
    ...media.flatMap((source) => ["-f", "lavfi", "-i", source]),
    ...lines.flatMap((file) => ["-i", file]),
    ...[...media, ...lines].flatMap((_, index) => ["-map", `${index}`]),
    ...(hasVideo ? ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"] : []),
    ...["-c:a", "aac", "-ac", "2", "-c:s", "mov_text"],
    ...labels("a", audio),
    ...labels("s", subtitles),
    ...["-movflags", "+faststart", path],
  ]);
  if (rotation !== undefined) await rotate(path, rotation);
  return path;
}

const labels = (kind: "a" | "s", languages: readonly string[]): string[] =>
  languages.flatMap((language, index) => [`-metadata:s:${kind}:${index}`, `language=${language}`]);

async function writeLines(path: string, seconds: number): Promise<string> {
  const clock = (second: number): string => `00:00:${String(second).padStart(2, "0")}`;
  const lines = Array.from(
    { length: seconds },
    (_, second) => `${second + 1}\n${clock(second)},100 --> ${clock(second)},900\nLine ${second + 1}\n`,
  );
  await writeFile(path, lines.join("\n"));
  return path;
}

function pictureSource({ size, rate, seconds, sar }: { size: string; rate: string; seconds: number; sar?: string }): string {
  return `testsrc2=size=${size}:rate=${rate}:duration=${seconds}${sar === undefined ? "" : `,setsar=${sar}`}`;
}

/** Only a copy of the stream takes the rotation as metadata, as phones write it. */
async function rotate(path: string, degrees: number): Promise<void> {
  const upright = path.replace(/(\.\w+)$/, "-upright$1");
  await rename(path, upright);
  const turned = ["-v", "error", "-y", "-i", upright, "-map", "0", "-c", "copy", "-metadata:s:v:0", `rotate=${degrees}`, path];
  await mustRun("ffmpeg", turned);
  await rm(upright);
}

const HEADER_BYTES = 8;

/** A copy of an MP4 with a `free` box at its end, so that it has exactly so many bytes; they take no room on disk. */
export async function padClip(from: string, to: string, { fromBytes, toBytes }: { fromBytes: number; toBytes: number }): Promise<void> {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(toBytes - fromBytes, 0);
  header.write("free", 4, "latin1");
  await copyFile(from, to);
  await writeFile(to, header, { flag: "a" });
  await truncate(to, toBytes);
}
