import { randomUUID } from "node:crypto";
import type { CreateJobCommandInput, Job, JobSettings, OutputGroup } from "@aws-sdk/client-mediaconvert";
import { CreateJobCommand, GetJobCommand, MediaConvertClient } from "@aws-sdk/client-mediaconvert";
import { z } from "zod";
import { clientSettings, TEST_BUCKETS } from "../../support/embedded-aws.ts";
import { drainQueue } from "../../support/queue.ts";
import { until } from "../../support/until.ts";
import type { EngineSite } from "./engine-site.ts";
import { SOURCE } from "./engine-site.ts";

/** The unchanged client; `maxAttempts` 1 shows each answer. */
export const mediaConvertClient = ({ aws }: EngineSite, url: string, maxAttempts = 1): MediaConvertClient =>
  new MediaConvertClient({ ...clientSettings(aws), endpoint: url, maxAttempts });

const video = (nameModifier: string, [Width, Height]: readonly [number, number], MaxBitrate: number) => ({
  NameModifier: nameModifier,
  ContainerSettings: { Container: "CMFC", CmfcSettings: { IFrameOnlyManifest: "INCLUDE" } } as const,
  VideoDescription: {
    ...{ Width, Height },
    CodecSettings: {
      Codec: "H_264",
      H264Settings: { RateControlMode: "QVBR", MaxBitrate, QualityTuningLevel: "SINGLE_PASS_HQ", GopSize: 2, GopSizeUnits: "SECONDS" },
    },
  } as const,
});

const audio = (nameModifier: string, AudioSourceName: string) => ({
  NameModifier: nameModifier,
  ContainerSettings: { Container: "CMFC", CmfcSettings: { AudioGroupId: "sound" } } as const,
  AudioDescriptions: [
    {
      AudioSourceName,
      CodecSettings: { Codec: "AAC", AacSettings: { Bitrate: 64_000, CodingMode: "CODING_MODE_2_0", SampleRate: 48_000 } },
    } as const,
  ],
});

export const cmafGroup = (prefix: string): OutputGroup => ({
  OutputGroupSettings: {
    Type: "CMAF_GROUP_SETTINGS",
    CmafGroupSettings: {
      Destination: `s3://${TEST_BUCKETS.publish}/${prefix}index`,
      ...{ SegmentLength: 2, FragmentLength: 2, SegmentControl: "SEGMENTED_FILES" },
    },
  },
  Outputs: [video("_v180", [320, 180], 300_000), video("_v90", [160, 90], 100_000), audio("_a-de", "German")],
});

/** A job of two rungs and the German sound. */
export const aJob = (prefix: string, overrides: Partial<CreateJobCommandInput> = {}): CreateJobCommandInput => ({
  Role: "arn:aws:iam::111122223333:role/MediaConvert",
  ClientRequestToken: randomUUID(),
  UserMetadata: { claim: "a claim", attempt: "1" },
  Settings: {
    Inputs: [{ FileInput: SOURCE, AudioSelectors: { German: { SelectorType: "LANGUAGE_CODE", LanguageCode: "DEU" } } }],
    OutputGroups: [cmafGroup(prefix)],
  },
  ...overrides,
});

/** Automated ABR with GOPs of 0.6 s and segments of 1 s, subtitles out of a file, and a frame every two seconds. */
export const everything = (subtitles: string): JobSettings => ({
  TimecodeConfig: { Source: "ZEROBASED" },
  Inputs: [
    {
      ...{ FileInput: SOURCE, TimecodeSource: "ZEROBASED", VideoSelector: { Rotate: "AUTO" } },
      CaptionSelectors: { Words: { SourceSettings: { SourceType: "SRT", FileSourceSettings: { SourceFile: subtitles } } } },
    },
  ],
  OutputGroups: [
    {
      AutomatedEncodingSettings: { AbrSettings: { MaxRenditions: 3, MaxAbrBitrate: 400_000 } },
      OutputGroupSettings: {
        Type: "CMAF_GROUP_SETTINGS",
        CmafGroupSettings: {
          Destination: `s3://${TEST_BUCKETS.publish}/all/`,
          ...{ SegmentLength: 1, FragmentLength: 1, SegmentLengthControl: "GOP_MULTIPLE" },
        },
      },
      Outputs: [
        {
          ...{ NameModifier: "_v", ContainerSettings: { Container: "CMFC" } },
          VideoDescription: {
            CodecSettings: {
              Codec: "H_264",
              H264Settings: { RateControlMode: "QVBR", QualityTuningLevel: "MULTI_PASS_HQ", GopSize: 18, GopSizeUnits: "FRAMES" },
            },
          },
        },
        {
          ...{ NameModifier: "_en", ContainerSettings: { Container: "CMFC" } },
          CaptionDescriptions: [
            {
              ...{ CaptionSelectorName: "Words", CustomLanguageCode: "en", LanguageDescription: "English" },
              DestinationSettings: { DestinationType: "WEBVTT" },
            },
          ],
        },
      ],
    },
    {
      OutputGroupSettings: { Type: "FILE_GROUP_SETTINGS", FileGroupSettings: { Destination: `s3://${TEST_BUCKETS.publish}/all/frames/` } },
      Outputs: [
        {
          ContainerSettings: { Container: "RAW" },
          VideoDescription: {
            ...{ Width: 160, Height: 90 },
            CodecSettings: { Codec: "FRAME_CAPTURE", FrameCaptureSettings: { FramerateNumerator: 1, FramerateDenominator: 2 } },
          },
        },
      ],
    },
  ],
});

/** Submits it; resolves to its id. */
export async function submit(client: MediaConvertClient, job: CreateJobCommandInput): Promise<string> {
  const { Job } = await client.send(new CreateJobCommand(job));
  return Job?.Id ?? "";
}

/** Waits until GetJob says one of these statuses. */
export const untilStatus = (client: MediaConvertClient, id: string, ...statuses: readonly string[]): Promise<Job> =>
  until(
    `the job is ${statuses.join(" or ")}`,
    async () => {
      const { Job } = await client.send(new GetJobCommand({ Id: id }));
      return statuses.includes(Job?.Status ?? "") ? Job : undefined;
    },
    60_000,
  );

const envelope = z.object({
  source: z.literal("aws.mediaconvert"),
  "detail-type": z.literal("MediaConvert Job State Change"),
  detail: z.looseObject({ jobId: z.string(), status: z.string(), userMetadata: z.record(z.string(), z.string()) }),
});
export type JobEvent = z.infer<typeof envelope>["detail"];

/** Takes the events of a job from the queue until `last` is among them. */
export async function eventsOf(
  site: EngineSite,
  jobId: string,
  isLast: (taken: readonly JobEvent[]) => boolean,
): Promise<readonly JobEvent[]> {
  const taken: JobEvent[] = [];
  await until("the events have come", async () => {
    const messages = await drainQueue(site, site.eventsQueueUrl);
    taken.push(...messages.map(({ Body = "" }) => envelope.parse(JSON.parse(Body)).detail).filter((detail) => detail.jobId === jobId));
    return isLast(taken) ? true : undefined;
  });
  return taken;
}
