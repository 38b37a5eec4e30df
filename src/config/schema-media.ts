import type convict from "convict";

import type { EncodeSettings, FfmpegSettings, SourceLimits } from "./config.ts";

/** The keys under `limits`: what a source may be before it is rejected (source_too_large, source_limits). */
export const limits: convict.Schema<SourceLimits> = {
  maxSourceBytes: {
    doc: "largest source",
    format: "whole-number",
    minimum: 1,
    env: "LADDERD_LIMITS_MAX_SOURCE_BYTES",
    default: 53_687_091_200,
  },
  maxDurationSeconds: {
    doc: "longest source",
    format: "number",
    minimum: 1,
    env: "LADDERD_LIMITS_MAX_DURATION_SECONDS",
    default: 21_600,
  },
  maxWidth: { doc: "widest picture", format: "whole-number", minimum: 2, env: "LADDERD_LIMITS_MAX_WIDTH", default: 8192 },
  maxHeight: { doc: "highest picture", format: "whole-number", minimum: 2, env: "LADDERD_LIMITS_MAX_HEIGHT", default: 8192 },
  maxPixels: {
    doc: "most pixels of a picture",
    format: "whole-number",
    minimum: 4,
    env: "LADDERD_LIMITS_MAX_PIXELS",
    default: 35_389_440,
  },
  maxStreams: { doc: "most streams of a source", format: "whole-number", minimum: 1, env: "LADDERD_LIMITS_MAX_STREAMS", default: 32 },
  maxGapSeconds: {
    doc: "longest gap between two frames",
    format: "number",
    minimum: 1,
    env: "LADDERD_LIMITS_MAX_GAP_SECONDS",
    default: 600,
  },
};

/** The keys under `ffmpeg`. */
export const ffmpeg: convict.Schema<FfmpegSettings> = {
  path: { doc: "the ffmpeg program", format: "text", env: "LADDERD_FFMPEG_PATH", default: "ffmpeg" },
  probePath: { doc: "the ffprobe program", format: "text", env: "LADDERD_FFMPEG_PROBE_PATH", default: "ffprobe" },
  minimumVersion: {
    doc: "an older ffmpeg is refused",
    format: "version",
    env: "LADDERD_FFMPEG_MINIMUM_VERSION",
    default: "5.1",
  },
  threads: {
    doc: "threads of one ffmpeg; 0 lets ffmpeg choose",
    format: "whole-number",
    maximum: 256,
    env: "LADDERD_FFMPEG_THREADS",
    default: 0,
  },
};

/** The keys under `encode`: when an encode is given up, and when it is cut into chunks. */
export const encode: convict.Schema<EncodeSettings> = {
  stallSeconds: {
    doc: "an encode without progress for this long is killed",
    format: "number",
    minimum: 1,
    env: "LADDERD_ENCODE_STALL_SECONDS",
    default: 120,
  },
  deadlineFactor: {
    doc: "an encode may take this multiple of the source's duration",
    format: "number",
    minimum: 1,
    env: "LADDERD_ENCODE_DEADLINE_FACTOR",
    default: 20,
  },
  deadlineMinimumSeconds: {
    doc: "but at least this long",
    format: "number",
    minimum: 1,
    env: "LADDERD_ENCODE_DEADLINE_MINIMUM_SECONDS",
    default: 600,
  },
  chunkAboveCores: {
    doc: "with more cores than this for a job its source is cut into chunks that are encoded side by side",
    format: "whole-number",
    env: "LADDERD_ENCODE_CHUNK_ABOVE_CORES",
    default: 4,
  },
  chunkSegments: {
    doc: "least length of a chunk, in segments",
    format: "whole-number",
    minimum: 1,
    env: "LADDERD_ENCODE_CHUNK_SEGMENTS",
    default: 5,
  },
  parallelChunks: {
    doc: "chunks of a job encoded at a time; 0 takes as many as there are cores and memory for",
    format: "whole-number",
    maximum: 256,
    env: "LADDERD_ENCODE_PARALLEL_CHUNKS",
    default: 0,
  },
};
