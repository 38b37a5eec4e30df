import { basename, extname } from "node:path";
import { JobFailed } from "../drive-job.ts";
import type { InputFacts } from "../input-facts.ts";
import { destinationOf } from "./create-job.ts";
import { JOB_ERRORS } from "./errors.ts";
import { gopSeconds, rateControlled } from "./rate-controlled.ts";
import type { AudioDescription, JobSettings, Output, OutputGroup } from "./settings.ts";
import { audioPlace, captionSource } from "./tracks.ts";
import type { VideoWork } from "./video-args.ts";
import { videoArgs } from "./video-args.ts";

/** One track: what ffmpeg makes of it, and what the packager does with that. */
export interface TrackPlan {
  readonly kind: "video" | "audio" | "text";
  /** Base name and name modifier: what all its files begin with. */
  readonly name: string;
  readonly ffmpegArgs: readonly string[];
  /** Further fields of its stream descriptor. */
  readonly descriptor: readonly string[];
  /** A file to read it from; the film when absent. */
  readonly sidecar?: string;
}

export interface GroupPlan {
  readonly kind: "cmaf" | "files";
  readonly bucket: string;
  readonly prefix: string;
  readonly base: string;
  readonly tracks: readonly TrackPlan[];
  readonly segmentSeconds: number;
  readonly fragmentSeconds: number;
  readonly hls: boolean;
  readonly dash: boolean;
}

interface Context {
  readonly settings: JobSettings;
  readonly facts: InputFacts;
  readonly base: string;
}

/** Decides everything that a job makes. Throws JobFailed for an input that lacks what the settings ask for. */
export function planJob(settings: JobSettings, facts: InputFacts): readonly GroupPlan[] {
  return settings.outputGroups.map((group) => {
    const place = placeOf(group, settings);
    const manner = mannerOf(group, facts);
    const context = { settings, facts, base: place.base };
    return { ...place, ...manner, tracks: group.outputs.flatMap((output) => tracksOf(output, group, context)) };
  });
}

function placeOf(group: OutputGroup, { inputs: [{ fileInput: film }] }: JobSettings): Pick<GroupPlan, "bucket" | "prefix" | "base"> {
  const [, bucket = "", path = ""] = /^s3:\/\/([^/]+)\/(.*)$/.exec(destinationOf(group)) ?? [];
  // A destination that ends with a slash takes the name of the input.
  const base = path === "" || path.endsWith("/") ? basename(film, extname(film)) : basename(path);
  return { bucket, prefix: path.slice(0, path.lastIndexOf("/") + 1), base };
}

function mannerOf(
  { outputGroupSettings: wanted, outputs }: OutputGroup,
  facts: InputFacts,
): Omit<GroupPlan, "bucket" | "prefix" | "base" | "tracks"> {
  if (wanted.type !== "CMAF_GROUP_SETTINGS") return { kind: "files", segmentSeconds: 10, fragmentSeconds: 2, hls: false, dash: false };
  const { segmentLength, fragmentLength, segmentLengthControl, writeHlsManifest, writeDashManifest } = wanted.cmafGroupSettings;
  const gop = segmentLengthControl === "GOP_MULTIPLE" ? outputs.flatMap((output) => gopOf(output, facts) ?? []).at(0) : undefined;
  return {
    kind: "cmaf",
    segmentSeconds: wholeGops(segmentLength, gop),
    fragmentSeconds: wholeGops(fragmentLength, gop),
    ...{ hls: writeHlsManifest === "ENABLED", dash: writeDashManifest === "ENABLED" },
  };
}

/** Rounded up to the next GOP. */
const wholeGops = (seconds: number, gop: number | undefined): number =>
  gop === undefined ? seconds : Math.ceil(seconds / gop - 1e-6) * gop;

function gopOf({ videoDescription }: Output, { streams }: InputFacts): number | undefined {
  const codec = videoDescription?.codecSettings;
  if (codec === undefined || codec.codec === "FRAME_CAPTURE") return undefined;
  return gopSeconds(codec, streams.find(({ kind }) => kind === "video")?.frameRate ?? 30);
}

/** Where keyframes are forced: at GOPs given in seconds, at fragments where none are given, and at segments cut to the second. */
function keyframeSeconds({ outputGroupSettings: wanted }: OutputGroup, output: Output, facts: InputFacts): number | undefined {
  const codec = output.videoDescription?.codecSettings;
  if (wanted.type !== "CMAF_GROUP_SETTINGS" || codec === undefined || codec.codec === "FRAME_CAPTURE") return undefined;
  const { fragmentLength, segmentLength, segmentLengthControl } = wanted.cmafGroupSettings;
  const isInFrames = rateControlled(codec).gopSizeUnits === "FRAMES";
  if (isInFrames) return segmentLengthControl === "GOP_MULTIPLE" ? undefined : segmentLength;
  return gopOf(output, facts) ?? fragmentLength;
}

function tracksOf(output: Output, group: OutputGroup, context: Context): readonly TrackPlan[] {
  const name = `${context.base}${output.nameModifier ?? ""}`;
  return [
    ...videoTracks(output, group, context).map((track) => ({ ...track, name: `${name}${track.name}` })),
    ...audioTracks(output, context).map((track) => ({ ...track, name })),
    ...captionTracks(output, context).map((track) => ({ ...track, name })),
  ];
}

function videoTracks(output: Output, group: OutputGroup, { facts, settings }: Context): readonly TrackPlan[] {
  const { videoDescription: description, containerSettings } = output;
  if (description === undefined) return [];
  const source = facts.streams.find(({ kind }) => kind === "video");
  if (source === undefined) throw new JobFailed(JOB_ERRORS.noVideo, "The input has no video track.");
  const { rotate } = settings.inputs[0].videoSelector ?? {};
  const work = { description, rotate, keyframeSeconds: keyframeSeconds(group, output, facts) };
  const track = { kind: "video" as const, name: "", descriptor: [], ffmpegArgs: videoArgs(work) };
  if (group.automatedEncodingSettings?.abrSettings !== undefined)
    return automatedSizes(group, source.height).map((size, index) => ({
      ...track,
      ...{ name: `_${index + 1}`, ffmpegArgs: videoArgs({ ...work, size }) },
    }));
  const iFrames = containerSettings.cmfcSettings.iFrameOnlyManifest === "INCLUDE";
  return [{ ...track, descriptor: iFrames ? ["iframe"] : [] }];
}

/** The service finds the number and sizes of the renditions by its own analysis; ours are shares of the source's height. */
function automatedSizes(group: OutputGroup, height: number): readonly NonNullable<VideoWork["size"]>[] {
  const { maxRenditions = 3, maxAbrBitrate = 5_000_000 } = group.automatedEncodingSettings?.abrSettings ?? {};
  return [1, 2 / 3, 1 / 2].slice(0, maxRenditions).map((share) => ({
    height: 2 * Math.round((height * share) / 2),
    maxBitrate: Math.round(maxAbrBitrate * share * share),
  }));
}

const CHANNELS = { CODING_MODE_1_0: 1, CODING_MODE_2_0: 2, CODING_MODE_5_1: 6 } as const;

function audioTracks({ audioDescriptions, containerSettings }: Output, { settings, facts }: Context): readonly Omit<TrackPlan, "name">[] {
  const { audioGroupId = "program_audio", audioTrackType, audioDuration } = containerSettings.cmfcSettings;
  const picture = facts.streams.find(({ kind }) => kind === "video");
  const cut = audioDuration === "MATCH_VIDEO_DURATION" && picture ? ["-af", "apad", "-t", `${picture.durationSeconds}`] : [];
  return audioDescriptions.map((description) => {
    const { bitrate, codingMode, sampleRate } = description.codecSettings.aacSettings;
    const place = audioPlace(description, settings, facts);
    const language = languageOf(description) ?? facts.streams.find((s) => s.kind === "audio" && s.place === place)?.language ?? "und";
    const format = ["-b:a", `${bitrate}`, "-ac", `${CHANNELS[codingMode]}`, "-ar", `${sampleRate}`];
    return {
      kind: "audio",
      ffmpegArgs: ["-map", `0:a:${place}`, "-c:a", "aac", ...format, ...cut],
      descriptor: [
        `language=${language}`,
        `hls_group_id=${audioGroupId}`,
        `hls_name=${plain(description.streamName ?? language)}`,
        ...(audioTrackType === "ALTERNATE_AUDIO_AUTO_SELECT_DEFAULT" ? ["default"] : []),
      ],
    };
  });
}

function captionTracks({ captionDescriptions }: Output, { settings, facts }: Context): readonly Omit<TrackPlan, "name">[] {
  return captionDescriptions.map(({ captionSelectorName, languageDescription, ...description }) => {
    const source = captionSource(settings.inputs[0].captionSelectors[captionSelectorName], facts);
    const language = languageOf(description) ?? "und";
    return {
      kind: "text",
      ffmpegArgs: ["-map", source.kind === "track" ? `0:s:${source.place}` : "sidecar", "-c:s", "webvtt"],
      descriptor: [`language=${language}`, `hls_group_id=subtitles`, `hls_name=${plain(languageDescription ?? language)}`],
      ...(source.kind === "file" ? { sidecar: source.uri } : {}),
    };
  });
}

const languageOf = ({
  languageCode,
  customLanguageCode,
}: Pick<AudioDescription, "languageCode" | "customLanguageCode">): string | undefined => customLanguageCode ?? languageCode?.toLowerCase();

/** Commas are syntax to the packager. */
const plain = (name: string): string => name.replaceAll(/[,="]/g, " ");
