import type { CreateJobOutput, CreateJobPlaylist, CreateJobRequest } from "@aws-sdk/client-elastic-transcoder";
import type { EncodePlan } from "../../domain/encode-plan.ts";
import { segmentSeconds } from "../../domain/timeline.ts";
import type { RemoteRequest, Unsupported } from "../remote.ts";
import { unsupportedAnywhere, when } from "../unsupported.ts";
import { userMetadata } from "../user-metadata.ts";
import { CAPTURED_PRESETS } from "./catalogue.ts";
import type { ChosenPreset } from "./choose-presets.ts";
import { choosePresets } from "./choose-presets.ts";
import type { Preset } from "./preset.ts";

/** What is configured about Elastic Transcoder that a job depends on. */
export interface ElasticTranscoderSettings {
  readonly pipelineId: string;
  /** Custom presets, by their settings as the service once told them. */
  readonly presets: readonly Preset[];
}

/** A pipeline has its buckets; a job names keys only. */
export interface PipelineBuckets {
  readonly inputBucket: string;
  readonly outputBucket: string;
}

/** The two kinds of playlist, and the container whose outputs each of them lists. */
const FORMATS = [
  { format: "HLSv4", container: "ts", folder: "hls", playlist: "index-hls" },
  { format: "MPEG-DASH", container: "fmp4", folder: "dash", playlist: "index-dash" },
] as const;
type Format = (typeof FORMATS)[number];

/** What one format's outputs will be. */
export interface ChosenFormat {
  readonly format: Format["format"];
  /** The playlist's key below the prefix, without the extension that the service appends. */
  readonly playlist: string;
  readonly video: readonly ChosenPreset[];
  readonly audioPresetId?: string;
}

/** A plan in the service's words with the renditions that its presets come to, or why it has none. */
export type CompiledJob =
  | { readonly kind: "job"; readonly job: CreateJobRequest; readonly formats: readonly ChosenFormat[] }
  | { readonly kind: "unsupported"; readonly reasons: readonly Unsupported[] };

/** What the one output of sound is called, whatever its language. */
export const SOUND = "a";
/** CreateJob reference. */
const MAX_OUTPUTS = 30;
const MAX_SEGMENT_SECONDS = 60;
const MAX_PREFIX_CHARACTERS = 255;

/**
 * The CreateJob of a request: HLSv4 and MPEG-DASH, each from the presets that are nearest to the plan's renditions. Presets
 * have keyframes and sizes of their own, so the plan's grid does not hold. Without `buckets` those are not compared. Pure.
 */
export function compile(request: RemoteRequest, settings: ElasticTranscoderSettings, buckets?: PipelineBuckets): CompiledJob {
  const formats = FORMATS.map((format) => choose(request.plan, format, settings));
  const outputs = FORMATS.flatMap((format, index) => outputsOf(request.plan, format, formats[index]));
  const reasons = [...unsupportedAnywhere(request), ...unsupportedHere(request), ...unsupportedBuckets(request, buckets)];
  const lacking = reasons.length > 0 ? [] : unsupportedPresets(request.plan, { formats, outputs });
  if (reasons.length + lacking.length > 0) return { kind: "unsupported", reasons: [...reasons, ...lacking] };
  const job: CreateJobRequest = {
    PipelineId: settings.pipelineId,
    Input: {
      Key: request.source.key,
      ...{ FrameRate: "auto", Resolution: "auto", AspectRatio: "auto", Interlaced: "auto", Container: "auto" },
    },
    OutputKeyPrefix: request.destination.prefix,
    Outputs: outputs,
    Playlists: FORMATS.map(({ format, playlist, folder }): CreateJobPlaylist => ({
      Name: playlist,
      Format: format,
      OutputKeys: outputs.flatMap(({ Key }) => (Key?.startsWith(`${folder}-`) === true ? [Key] : [])),
    })),
    UserMetadata: userMetadata(request.token, request.metadata),
  };
  return { kind: "job", job, formats };
}

function choose(
  { video, audio, source }: EncodePlan,
  { format, container, playlist }: Format,
  { presets }: ElasticTranscoderSettings,
): ChosenFormat {
  const usable = [...presets, ...CAPTURED_PRESETS].filter((preset) => preset.container === container);
  const pictures = usable.filter((preset) => preset.video?.codec === "H.264" && preset.audio === undefined);
  const stereo = audio.find(({ isDefault }) => isDefault) ?? audio[0];
  const audioPresetId = stereo && nearestSound(stereo.bitrateBps, usable)?.id;
  return {
    format,
    playlist,
    video: source.video ? choosePresets(video, source.video, pictures) : [],
    ...(audioPresetId === undefined ? {} : { audioPresetId }),
  };
}

function nearestSound(bitrateBps: number, presets: readonly Preset[]): Preset | undefined {
  const distance = ({ audio }: Preset): number => Math.abs(Math.log2((audio?.bitrateBps ?? 1) / bitrateBps));
  return presets
    .filter(({ video, audio }) => video === undefined && audio?.codec === "AAC" && audio.bitrateBps !== undefined)
    .toSorted((a, b) => distance(a) - distance(b))[0];
}

/** Keys without an extension: the service appends one. */
function outputsOf({ timeline }: EncodePlan, { folder, format }: Format, chosen: ChosenFormat | undefined): CreateJobOutput[] {
  // All outputs of a playlist must have the same.
  const SegmentDuration = `${Math.min(MAX_SEGMENT_SECONDS, Math.max(1, Math.round(segmentSeconds(timeline))))}`;
  const pictures = chosen?.video ?? [];
  return [
    ...pictures.map(({ id, presetId }, position): CreateJobOutput => ({
      Key: `${folder}-${id}`,
      PresetId: presetId,
      SegmentDuration,
      Rotate: "auto",
      // One series is enough, of the largest picture.
      ThumbnailPattern: format === "HLSv4" && position === pictures.length - 1 ? "thumbnail-{count}" : "",
    })),
    ...(chosen?.audioPresetId === undefined ? [] : [{ Key: `${folder}-${SOUND}`, PresetId: chosen.audioPresetId, SegmentDuration }]),
  ];
}

const unsupportedHere = ({ plan: { video, audio, text, source }, destination }: RemoteRequest): readonly Unsupported[] => [
  ...when(destination.prefix.length > MAX_PREFIX_CHARACTERS, "destination", `the path is longer than ${MAX_PREFIX_CHARACTERS} characters`),
  ...when(video.length === 0, "audio_only", "the presets for sound alone make one rendition each, not a ladder"),
  ...when(
    video.some(({ codec }) => codec !== "h264"),
    "codec",
    "the ladder has a second codec, and the service's streams are H.264",
  ),
  ...when(source.video?.hdr !== undefined, "hdr", "the service maps no tones"),
  ...when(source.audio.length > 1, "audio_tracks", "the service takes one sound track of a source"),
  ...when(
    audio.some(({ channels }) => channels > 2),
    "audio_layout",
    "the service makes no 5.1",
  ),
  ...when(text.length > 0, "text", "the service writes no WebVTT beside fragmented MP4"),
];

const unsupportedBuckets = ({ source, destination }: RemoteRequest, buckets: PipelineBuckets | undefined): readonly Unsupported[] => [
  ...when(
    buckets !== undefined && buckets.inputBucket !== source.bucket,
    "bucket",
    `the pipeline reads bucket ${buckets?.inputBucket ?? ""}, not ${source.bucket}`,
  ),
  ...when(
    buckets !== undefined && buckets.outputBucket !== destination.bucket,
    "bucket",
    `the pipeline writes to bucket ${buckets?.outputBucket ?? ""}, not ${destination.bucket}`,
  ),
];

interface Made {
  readonly formats: readonly ChosenFormat[];
  readonly outputs: readonly CreateJobOutput[];
}

const unsupportedPresets = ({ audio }: EncodePlan, { formats, outputs }: Made): readonly Unsupported[] => [
  ...when(
    formats.some(({ video, audioPresetId }) => video.length === 0 || (audio.length > 0 && audioPresetId === undefined)),
    "preset",
    "no preset makes what the ladder asks for",
  ),
  ...when(outputs.length > MAX_OUTPUTS, "preset", `a job has at most ${MAX_OUTPUTS} outputs`),
];
