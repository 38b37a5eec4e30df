import type { AutomatedEncodingSettings, CmafGroupSettings, CreateJobRequest, Output } from "@aws-sdk/client-mediaconvert";
import { createHash } from "node:crypto";
import type { EncodePlan, VideoRendition } from "../../domain/encode-plan.ts";
import type { RemoteRequest, Unsupported } from "../remote.ts";
import { unsupportedAnywhere, when } from "../unsupported.ts";
import { userMetadata } from "../user-metadata.ts";
import { canRead, captionOutput, captionSelectors } from "./captions.ts";
import type { SegmentLengths } from "./segments.ts";
import { audioLengths, videoLengths } from "./segments.ts";
import type { MediaConvertSettings } from "./settings.ts";
import { audioOutput, audioSelectors } from "./sound.ts";
import { videoDescription, videoSelector } from "./video.ts";

/** What every file of a job begins with; the source's own name, which the service would take, is not for the public. */
export const BASE_NAME = "index";

/** A plan in the service's words, or why it has none. */
export type CompiledJob =
  | { readonly kind: "job"; readonly job: CreateJobRequest }
  | { readonly kind: "unsupported"; readonly reasons: readonly Unsupported[] };

/** The CreateJob of a request: one CMAF group that HLS and DASH share, cut on the plan's grid. Pure. */
export function compile(request: RemoteRequest, settings: MediaConvertSettings): CompiledJob {
  const { plan } = request;
  const lengths = plan.video.length > 0 ? videoLengths(plan.timeline) : audioLengths(plan.timeline);
  const reasons = [
    ...unsupportedAnywhere(request),
    ...unsupportedHere(request, settings),
    ...when(lengths === undefined, "segment_grid", "no whole number of seconds makes the service cut on the plan's grid"),
  ];
  if (lengths === undefined || reasons.length > 0) return { kind: "unsupported", reasons };
  return { kind: "job", job: createJob({ ...request, lengths }, settings) };
}

/** CreateJob reference, VideoDescription. */
const [SHORTEST_SIDE, LONGEST_SIDE] = [32, 8192];

function unsupportedHere({ plan, source, destination }: RemoteRequest, { automatedAbr }: MediaConvertSettings): readonly Unsupported[] {
  const isSoundAlone = plan.video.length === 0;
  return [
    ...when(
      automatedAbr && plan.video.some(({ codec }) => codec !== "h264"),
      "codec",
      "automated ABR makes one codec, and this ladder has more",
    ),
    ...when(
      plan.video.some(({ width, height }) => Math.min(width, height) < SHORTEST_SIDE || Math.max(width, height) > LONGEST_SIDE),
      "size",
      `the service makes pictures from ${SHORTEST_SIDE} to ${LONGEST_SIDE} pixels a side`,
    ),
    ...when(isSoundAlone && plan.source.audio.length > 1, "audio_tracks", "sound alone is published by the service in one language only"),
    ...when(!canRead(plan), "text", "of text inside the source the service reads timed text in MP4 and MOV alone"),
    // "$" begins one of the service's format identifiers; there is no escape for it.
    ...when(
      `${destination.bucket}/${destination.prefix}`.includes("$"),
      "destination",
      'the destination holds a "$", which the service replaces',
    ),
    ...when(/[\p{Cc}]/u.test(source.key), "destination", "the source's key has characters that the service's URLs cannot hold"),
  ];
}

type Compilable = RemoteRequest & { readonly lengths: SegmentLengths };

function createJob({ plan, source, destination, token, metadata, lengths }: Compilable, settings: MediaConvertSettings): CreateJobRequest {
  const hasPicture = plan.video.length > 0;
  return {
    Role: settings.role,
    ...(settings.queue === undefined ? {} : { Queue: settings.queue }),
    ClientRequestToken: clientRequestToken(token),
    UserMetadata: userMetadata(token, metadata),
    // It needs timecodes from zero and a picture; jobs that it is not for then run without it.
    AccelerationSettings: { Mode: hasPicture ? "PREFERRED" : "DISABLED" },
    StatusUpdateInterval: "SECONDS_60",
    Settings: {
      TimecodeConfig: { Source: "ZEROBASED" },
      Inputs: [
        {
          FileInput: `s3://${source.bucket}/${source.key}`,
          TimecodeSource: "ZEROBASED",
          ...(hasPicture ? { VideoSelector: videoSelector(plan.source) } : {}),
          AudioSelectors: audioSelectors(plan),
          ...(plan.text.length > 0 ? { CaptionSelectors: captionSelectors(plan) } : {}),
        },
      ],
      OutputGroups: [
        {
          Name: "CMAF",
          ...(settings.automatedAbr && hasPicture ? { AutomatedEncodingSettings: automated(plan.video) } : {}),
          OutputGroupSettings: {
            Type: "CMAF_GROUP_SETTINGS",
            CmafGroupSettings: {
              ...groupSettings(lengths, hasPicture),
              Destination: `s3://${destination.bucket}/${destination.prefix}${BASE_NAME}`,
            },
          },
          Outputs: outputs(plan, settings),
        },
      ],
    },
  };
}

/** The service deduplicates by it for one minute; at most 64 ASCII characters, and ours may be longer. */
export const clientRequestToken = (token: string): string => createHash("sha256").update(token).digest("hex");

const groupSettings = ({ segmentSeconds, fragmentSeconds }: SegmentLengths, hasPicture: boolean): CmafGroupSettings => ({
  SegmentControl: "SEGMENTED_FILES",
  SegmentLength: segmentSeconds,
  SegmentLengthControl: hasPicture ? "GOP_MULTIPLE" : "EXACT",
  FragmentLength: fragmentSeconds,
  WriteHlsManifest: "ENABLED",
  WriteDashManifest: "ENABLED",
  ManifestDurationFormat: "FLOATING_POINT",
  ManifestCompression: "NONE",
  StreamInfResolution: "INCLUDE",
  TargetDurationCompatibilityMode: "SPEC_COMPLIANT",
  WriteSegmentTimelineInRepresentation: "ENABLED",
  MpdProfile: "MAIN_PROFILE",
  // Picture and sound begin at zero, B-frames or not (HLS authoring rule 8.2).
  VideoCompositionOffsets: "SIGNED",
  PtsOffsetHandlingForBFrames: "ZERO_BASED",
  ...(hasPicture
    ? {
        ImageBasedTrickPlay: "ADVANCED",
        ImageBasedTrickPlaySettings: { IntervalCadence: "FOLLOW_IFRAME", ThumbnailWidth: 192, TileWidth: 5, TileHeight: 4 },
      }
    : {}),
});

/** Without automated ABR one output a rendition; with it one for all pictures, whose size is the largest allowed. */
function outputs(plan: EncodePlan, settings: MediaConvertSettings): Output[] {
  const top = plan.video.at(-1);
  const pictures = settings.automatedAbr && top ? [{ ...top, id: "v" }] : plan.video;
  return [
    ...pictures.map((rendition) => videoOutput(rendition, { plan, settings })),
    ...plan.audio.map((rendition) => audioOutput(rendition, plan)),
    ...plan.text.map((rendition) => captionOutput(rendition, plan)),
  ];
}

const videoOutput = (rendition: VideoRendition, input: { plan: EncodePlan; settings: MediaConvertSettings }): Output => {
  const groups = [...new Set(input.plan.audio.map(({ group }) => group))];
  return {
    NameModifier: `_${rendition.id}`,
    VideoDescription: videoDescription(rendition, input),
    ContainerSettings: {
      Container: "CMFC",
      CmfcSettings: {
        IFrameOnlyManifest: "INCLUDE",
        ...(groups.length > 0 ? { AudioRenditionSets: groups.join(",") } : {}),
      },
    },
  };
};

/** How many renditions the service may be limited to (CreateJob reference, MaxRenditions). */
const [FEWEST, MOST] = [3, 15];

function automated(video: readonly VideoRendition[]): AutomatedEncodingSettings {
  const caps = video.map(({ capBps }) => capBps);
  return {
    AbrSettings: {
      MaxRenditions: Math.min(MOST, Math.max(FEWEST, video.length)),
      MaxAbrBitrate: Math.max(...caps),
      MinAbrBitrate: Math.min(...caps),
    },
  };
}
