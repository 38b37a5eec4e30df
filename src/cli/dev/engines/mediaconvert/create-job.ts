import { z } from "zod";
import { mediaConvertError } from "./errors.ts";
import type { JobSettings, Output, OutputGroup } from "./settings.ts";
import { gopSeconds, rateControlled } from "./rate-controlled.ts";
import { jobSettings } from "./settings.ts";
import { userMetadata } from "../user-metadata.ts";

const request = z.looseObject({
  role: z.string().regex(/^arn:aws[\w-]*:iam::\d{12}:role\/.+/),
  settings: jobSettings,
  queue: z.string().optional(),
  priority: z.int().min(-50).max(50).default(0),
  // The service's pattern: printable ASCII, 64 at most.
  clientRequestToken: z
    .string()
    .regex(/^[\x20-\x7e]{1,64}$/)
    .optional(),
  statusUpdateInterval: z
    .string()
    .regex(/^SECONDS_(?:10|12|15|20|30|60|120|180|240|300|360|420|480|540|600)$/)
    .default("SECONDS_60"),
  accelerationSettings: z.looseObject({ mode: z.enum(["DISABLED", "ENABLED", "PREFERRED"]) }).default({ mode: "DISABLED" }),
  hopDestinations: z.array(z.looseObject({ waitMinutes: z.int().min(1).max(4320).optional() })).default([]),
  userMetadata: userMetadata.default({}),
});
/** A CreateJob call that is in order. */
export type CreateJobRequest = z.infer<typeof request>;

/** Reads the body of CreateJob. Throws BadRequestException with every problem that the service would find before it makes a job. */
export function parseCreateJob(body: unknown): CreateJobRequest {
  const parsed = request.safeParse(body);
  if (!parsed.success) throw badRequest(parsed.error.issues.map(({ path, message }) => `/${path.join("/")}: ${message}`));
  const problems = problemsOf(parsed.data.settings);
  if (problems.length > 0) throw badRequest(problems);
  return parsed.data;
}

const badRequest = (problems: readonly string[]) => mediaConvertError("BadRequestException", problems.join("; "));

function problemsOf({ inputs: [input], outputGroups }: JobSettings): string[] {
  const names = outputGroups.flatMap((group) => group.outputs.map((output) => nameOf(group, output)));
  const sources = Object.keys(input.audioSelectors);
  const captions = Object.keys(input.captionSelectors);
  const outputs = outputGroups.flatMap((group) => group.outputs);
  return [
    ...(new Set(names).size < names.length ? ["Two outputs have the same destination and name modifier."] : []),
    ...outputGroups.flatMap((group, index) => groupProblems(group).map((problem) => `/settings/outputGroups/${index}: ${problem}`)),
    ...outputs
      .flatMap(({ audioDescriptions }) => audioDescriptions.flatMap(({ audioSourceName }) => audioSourceName ?? []))
      .filter((name) => !sources.includes(name))
      .map((name) => `The audio selector ${JSON.stringify(name)} does not exist.`),
    ...outputs
      .flatMap(({ captionDescriptions }) => captionDescriptions.map(({ captionSelectorName }) => captionSelectorName))
      .filter((name) => !captions.includes(name))
      .map((name) => `The caption selector ${JSON.stringify(name)} does not exist.`),
  ];
}

/** The destination of a group, whatever its type. */
export function destinationOf({ outputGroupSettings: settings }: OutputGroup): string {
  return settings.type === "CMAF_GROUP_SETTINGS" ? settings.cmafGroupSettings.destination : settings.fileGroupSettings.destination;
}

const nameOf = (group: OutputGroup, { nameModifier = "" }: Output): string => `${destinationOf(group)}${nameModifier}`;

function groupProblems(group: OutputGroup): string[] {
  const automated = group.automatedEncodingSettings?.abrSettings !== undefined;
  if (group.outputGroupSettings.type === "FILE_GROUP_SETTINGS")
    return group.outputs.every(isFrameCapture) ? [] : ["Of file groups the fake makes frame captures alone."];
  return [
    ...(automated && group.outputs.filter(({ videoDescription }) => videoDescription).length !== 1
      ? ["Automated ABR takes exactly one video output."]
      : []),
    ...group.outputs.flatMap((output) => outputProblems(output, automated)),
    ...fragmentProblems(group),
  ];
}

/** User guide, "Setting the fragment length": a multiple of the GOP, as far as the frame rate allows. */
function fragmentProblems({ outputGroupSettings: settings, outputs }: OutputGroup): string[] {
  if (settings.type !== "CMAF_GROUP_SETTINGS") return [];
  const { fragmentLength } = settings.cmafGroupSettings;
  return outputs.flatMap(({ videoDescription }) => {
    const codec = videoDescription?.codecSettings;
    if (codec === undefined || codec.codec === "FRAME_CAPTURE") return [];
    const gop = gopSeconds(codec, NaN);
    const { framerateNumerator = 30, framerateDenominator = 1 } = rateControlled(codec);
    const off = gop === undefined ? 0 : Math.abs(fragmentLength - Math.max(1, Math.round(fragmentLength / gop)) * gop);
    return off > framerateDenominator / framerateNumerator / 2
      ? [`fragmentLength ${fragmentLength} is no multiple of a GOP of ${gop} s.`]
      : [];
  });
}

const isFrameCapture = ({ containerSettings, videoDescription }: Output): boolean =>
  containerSettings.container === "RAW" && videoDescription?.codecSettings.codec === "FRAME_CAPTURE";

function outputProblems(output: Output, automated: boolean): string[] {
  const { containerSettings, videoDescription, audioDescriptions, captionDescriptions } = output;
  const tracks = (videoDescription ? 1 : 0) + audioDescriptions.length + captionDescriptions.length;
  return [
    ...(containerSettings.container === "CMFC" ? [] : ["A CMAF group takes outputs in the container CMFC."]),
    ...(tracks === 1 ? [] : ["An output of a CMAF group holds one video, one audio or one captions track."]),
    ...(videoDescription ? rateProblems(videoDescription.codecSettings, automated) : []),
  ];
}

type Codec = NonNullable<Output["videoDescription"]>["codecSettings"];

function rateProblems(codec: Codec, automated: boolean): string[] {
  if (codec.codec === "FRAME_CAPTURE") return ["A CMAF group takes no frame captures."];
  const { rateControlMode, maxBitrate, bitrate, qualityTuningLevel } = rateControlled(codec);
  if (automated) {
    const isRight = rateControlMode === "QVBR" && qualityTuningLevel === "MULTI_PASS_HQ";
    return isRight ? [] : ["Automated ABR needs rateControlMode QVBR and qualityTuningLevel MULTI_PASS_HQ."];
  }
  if (rateControlMode === "QVBR") return maxBitrate === undefined ? ["QVBR needs maxBitrate."] : [];
  return bitrate === undefined ? [`${rateControlMode} needs bitrate.`] : [];
}
