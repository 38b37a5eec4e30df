import { JobFailed } from "../drive-job.ts";
import type { InputFacts } from "../input-facts.ts";
import { pictureFilters } from "../picture-filters.ts";
import type { CreateJobOutput, CreateJobRequest, FindPreset } from "./create-job.ts";
import { JOB_ERRORS } from "./errors.ts";
import type { FakePreset, PresetVideo } from "./presets.ts";
import { THUMBNAILS } from "./presets.ts";

/** What is written of an output: HLS version 3 or 4, fragmented MP4 with an MPD, or one file. */
export type Shape = "hls-v3" | "hls-v4" | "dash" | "file";

export interface OutputPlan {
  readonly key: string;
  readonly preset: FakePreset;
  readonly shapes: readonly Shape[];
  readonly segmentSeconds: number;
  /** ffmpeg's options for its streams, without a file. */
  readonly encodeArgs: readonly string[];
  /** ffmpeg's options and file for its thumbnails; empty without. */
  readonly thumbnailArgs: readonly string[];
}

/** An output that was made. */
export interface RenderedOutput {
  readonly plan: OutputPlan;
  readonly facts: InputFacts;
  /** Of its media. */
  readonly bytes: number;
}

/** Decides what a job makes. Throws JobFailed for an input without what a preset needs. */
export function planJob(request: CreateJobRequest, facts: InputFacts, presetOf: FindPreset): readonly OutputPlan[] {
  return request.outputs.map((output) => {
    const preset = presetOf(output.PresetId);
    return {
      key: output.Key,
      preset,
      shapes: shapesOf(output, preset, request),
      segmentSeconds: Number(output.SegmentDuration ?? 10),
      encodeArgs: encodeArgs(preset, facts),
      thumbnailArgs: preset.video && output.ThumbnailPattern ? thumbnailArgs(output.ThumbnailPattern, facts) : [],
    };
  });
}

function shapesOf({ Key, SegmentDuration }: CreateJobOutput, { container }: FakePreset, { playlists }: CreateJobRequest): readonly Shape[] {
  const formats = playlists.filter(({ OutputKeys }) => OutputKeys.includes(Key)).map(({ Format }) => Format);
  if (formats.includes("MPEG-DASH")) return ["dash"];
  if (container !== "ts" || SegmentDuration === undefined) return ["file"];
  const isV3 = formats.length === 0 || formats.includes("HLSv3");
  return [...(isV3 ? (["hls-v3"] as const) : []), ...(formats.includes("HLSv4") ? (["hls-v4"] as const) : [])];
}

function encodeArgs({ video, audio }: FakePreset, { streams }: InputFacts): readonly string[] {
  const has = (wanted: string): boolean => streams.some(({ kind }) => kind === wanted);
  if (video && !has("video")) throw new JobFailed(JOB_ERRORS.unsupported, "The input has no picture.");
  if (!video && !has("audio")) throw new JobFailed(JOB_ERRORS.unsupported, "The input has no sound.");
  return [
    ...(video ? pictureArgs(video) : []),
    ...(audio && has("audio")
      ? ["-map", "0:a:0", "-c:a", "aac", "-b:a", `${audio.kbps}k`, "-ar", `${audio.sampleRateHz}`, "-ac", "2"]
      : []),
  ];
}

function pictureArgs({ profile, level, kbps, maxWidth, maxHeight, gopFrames, frameRate }: PresetVideo): readonly string[] {
  const rate = frameRate === undefined ? [] : [`fps=${frameRate}`];
  const size = pictureFilters({ width: maxWidth, height: maxHeight, sizing: "fit-no-upscale" });
  return [
    ...["-map", "0:v:0", "-vf", [...rate, ...size].join(","), "-c:v", "libx264", "-preset", "superfast", "-pix_fmt", "yuv420p"],
    ...["-profile:v", profile, "-level", level, "-b:v", `${kbps}k`, "-maxrate", `${kbps}k`, "-bufsize", `${9 * kbps}k`],
    ...["-g", `${gopFrames}`, "-keyint_min", `${gopFrames}`, "-sc_threshold", "0", "-bf", "0"],
  ];
}

function thumbnailArgs(pattern: string, { streams }: InputFacts): readonly string[] {
  const { maxWidth, maxHeight, intervalSeconds } = THUMBNAILS;
  const { width = maxWidth, height = maxHeight } = streams.find(({ kind }) => kind === "video") ?? {};
  const scale = Math.min(1, maxWidth / width, maxHeight / height);
  const even = (side: number): number => 2 * Math.round((side * scale) / 2);
  const size = { width: even(width), height: even(height) };
  const every = String.raw`select=isnan(prev_selected_t)+gte(t-prev_selected_t\,${intervalSeconds})`;
  const file = pattern.replace("{count}", "%05d").replace("{resolution}", `${size.width}x${size.height}`);
  const filters = [every, ...pictureFilters({ ...size, sizing: "stretch" })].join(",");
  return ["-map", "0:v:0", "-vf", filters, "-vsync", "vfr", "-f", "image2", `${file}.png`];
}
