import { z } from "zod";
import { userMetadata } from "../user-metadata.ts";
import { elasticTranscoderError } from "./errors.ts";
import type { FakePreset } from "./presets.ts";

const auto = z.string().optional();
const input = z.looseObject({
  Key: z.string().min(1).max(1024),
  ...{ FrameRate: auto, Resolution: auto, AspectRatio: auto, Interlaced: auto, Container: auto },
});

const seconds = z
  .string()
  .regex(/^\d{1,2}(?:\.\d{1,5})?$/)
  .refine((text) => Number(text) >= 1 && Number(text) <= 60, "1 to 60 seconds");

const output = z.looseObject({
  // Playlists and the packager's descriptors cannot hold the others.
  Key: z.string().regex(/^[^,%$\s]{1,255}$/),
  PresetId: z.string().regex(/^\d{13}-\w{6}$/),
  SegmentDuration: seconds.optional(),
  ThumbnailPattern: z
    .string()
    .refine((pattern) => pattern === "" || pattern.includes("{count}"), "must hold {count}")
    .optional(),
  Rotate: z.enum(["auto", "0", "90", "180", "270"]).optional(),
});
export type CreateJobOutput = z.infer<typeof output>;

const playlist = z.looseObject({
  Name: z.string().regex(/^[^,%$\s]{1,255}$/),
  Format: z.enum(["HLSv3", "HLSv4", "MPEG-DASH"]),
  OutputKeys: z.array(z.string()).min(1).max(30),
});
export type CreateJobPlaylist = z.infer<typeof playlist>;

const request = z.looseObject({
  PipelineId: z.string().regex(/^\d{13}-\w{6}$/),
  Input: input.optional(),
  Inputs: z.array(input).max(1, "the fake does not stitch").default([]),
  Output: output.optional(),
  Outputs: z.array(output).max(30).default([]),
  OutputKeyPrefix: z
    .string()
    .max(255)
    .regex(/^$|^.+\//, "must hold a / after its first character")
    .default(""),
  Playlists: z.array(playlist).max(30).default([]),
  UserMetadata: userMetadata.default({}),
});

/** A CreateJob call that is in order. */
export interface CreateJobRequest {
  readonly pipelineId: string;
  readonly input: z.infer<typeof input>;
  readonly outputs: readonly CreateJobOutput[];
  readonly playlists: readonly CreateJobPlaylist[];
  readonly outputKeyPrefix: string;
  readonly userMetadata: Readonly<Record<string, string>>;
}

/** Finds a preset. Throws ResourceNotFoundException. */
export type FindPreset = (id: string) => FakePreset;

/** Reads the body of CreateJob. Throws ValidationException with every problem, or what `presetOf` throws. */
export function parseCreateJob(body: unknown, presetOf: FindPreset): CreateJobRequest {
  const parsed = request.safeParse(body);
  if (!parsed.success) throw invalid(parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`));
  const { PipelineId, OutputKeyPrefix, Playlists, UserMetadata, ...given } = parsed.data;
  const inputs = listOf(given.Input, given.Inputs);
  const outputs = listOf(given.Output, given.Outputs);
  const problems = [
    ...(given.Output && given.Outputs.length > 0 ? ["Give either Output or Outputs."] : []),
    ...outputProblems(outputs),
    ...(areUnique(Playlists.map(({ Name }) => Name)) ? [] : ["Two playlists have the same name."]),
    ...Playlists.flatMap((list) => playlistProblems(list, outputs, presetOf)),
  ];
  const [first] = inputs;
  if (first === undefined || inputs.length > 1) throw invalid(["Give either Input or Inputs.", ...problems]);
  if (problems.length > 0) throw invalid(problems);
  return {
    ...{ pipelineId: PipelineId, input: first, outputs, playlists: Playlists },
    ...{ outputKeyPrefix: OutputKeyPrefix, userMetadata: UserMetadata },
  };
}

const listOf = <T>(one: T | undefined, more: readonly T[]): readonly T[] => [...(one === undefined ? [] : [one]), ...more];

const invalid = (problems: readonly string[]) => elasticTranscoderError("ValidationException", problems.join("; "));

const areUnique = (names: readonly string[]): boolean => new Set(names).size === names.length;

const outputProblems = (outputs: readonly CreateJobOutput[]): string[] => [
  ...(outputs.length === 0 ? ["There is no output."] : []),
  ...(areUnique(outputs.map(({ Key }) => Key)) ? [] : ["Two outputs have the same key."]),
];

function playlistProblems(
  { Name, Format, OutputKeys }: CreateJobPlaylist,
  outputs: readonly CreateJobOutput[],
  presetOf: FindPreset,
): string[] {
  const members = outputs.filter(({ Key }) => OutputKeys.includes(Key));
  const container = Format === "MPEG-DASH" ? "fmp4" : "ts";
  return [
    ...(members.length < new Set(OutputKeys).size ? [`The playlist ${Name} names an output that does not exist.`] : []),
    ...(new Set(members.map(({ SegmentDuration }) => SegmentDuration)).size > 1
      ? [`The outputs of the playlist ${Name} have different segment durations.`]
      : []),
    ...(members.some(({ SegmentDuration }) => SegmentDuration === undefined)
      ? [`The outputs of the playlist ${Name} need a segment duration.`]
      : []),
    ...(members.some(({ PresetId }) => presetOf(PresetId).container !== container)
      ? [`The playlist ${Name} takes outputs with the container ${container}.`]
      : []),
  ];
}
