import type { CreateJobCommandInput, Job } from "@aws-sdk/client-elastic-transcoder";
import { CreateJobCommand, ElasticTranscoderClient, ReadJobCommand } from "@aws-sdk/client-elastic-transcoder";
import { z } from "zod";
import { clientSettings } from "../../support/embedded-aws.ts";
import { PIPELINE_ID } from "../../support/fake-elastic-transcoder.ts";
import { drainQueue } from "../../support/queue.ts";
import { until } from "../../support/until.ts";
import type { EngineSite } from "./engine-site.ts";
import { SOURCE_KEY } from "./engine-site.ts";

/** The unchanged client; one attempt shows each answer. */
export const elasticTranscoderClient = ({ aws }: EngineSite, url: string): ElasticTranscoderClient =>
  new ElasticTranscoderClient({ ...clientSettings(aws), endpoint: url, maxAttempts: 1 });

const output = (Key: string, PresetId: string) => ({ Key, PresetId: `1351620000001-${PresetId}`, SegmentDuration: "2" });

/** A job of two HLS rungs with sound apart, and MPEG-DASH beside it. */
export const aJob = (OutputKeyPrefix: string, overrides: Partial<CreateJobCommandInput> = {}): CreateJobCommandInput => ({
  PipelineId: PIPELINE_ID,
  Input: { Key: SOURCE_KEY, FrameRate: "auto", Container: "auto" },
  OutputKeyPrefix,
  Outputs: [
    { ...output("400k", "200055"), ThumbnailPattern: "thumbs/400k-{count}" },
    ...[output("600k", "200045"), output("sound", "200060")],
    ...[output("dash/video.mp4", "500050"), output("dash/sound.mp4", "500060")],
  ],
  Playlists: [
    { Name: "index", Format: "HLSv4", OutputKeys: ["400k", "600k", "sound"] },
    { Name: "dash/index", Format: "MPEG-DASH", OutputKeys: ["dash/video.mp4", "dash/sound.mp4"] },
  ],
  UserMetadata: { claim: "a claim", attempt: "1" },
  ...overrides,
});

/** A small job: HLS version 3 with sound in it. */
export const aSmallJob = (prefix: string, overrides: Partial<CreateJobCommandInput> = {}): CreateJobCommandInput =>
  aJob(prefix, {
    Outputs: [output("400k", "200050")],
    Playlists: [{ Name: "index", Format: "HLSv3", OutputKeys: ["400k"] }],
    ...overrides,
  });

/** Submits it; resolves to its id. */
export async function submit(client: ElasticTranscoderClient, job: CreateJobCommandInput): Promise<string> {
  const { Job } = await client.send(new CreateJobCommand(job));
  return Job?.Id ?? "";
}

/** Waits until ReadJob says this status. */
export const untilStatus = (client: ElasticTranscoderClient, id: string, status: string): Promise<Job> =>
  until(
    `the job is ${status}`,
    async () => {
      const { Job } = await client.send(new ReadJobCommand({ Id: id }));
      return Job?.Status === status ? Job : undefined;
    },
    60_000,
  );

const envelope = z.object({ Type: z.literal("Notification"), Subject: z.string(), Message: z.string() });
const notification = z.looseObject({ state: z.string(), version: z.literal("2012-09-25"), jobId: z.string() });
export type JobNotification = z.infer<typeof notification>;

/** Takes the notifications of a job from the queue until it has all of them. */
export async function notificationsOf(
  site: EngineSite,
  jobId: string,
  hasAll: (taken: readonly JobNotification[]) => boolean,
): Promise<readonly JobNotification[]> {
  const taken: JobNotification[] = [];
  await until("the notifications have come", async () => {
    const messages = await drainQueue(site, site.eventsQueueUrl);
    const parsed = messages.map(({ Body = "" }) => notification.parse(JSON.parse(envelope.parse(JSON.parse(Body)).Message)));
    taken.push(...parsed.filter((one) => one.jobId === jobId));
    return hasAll(taken) ? true : undefined;
  });
  return taken;
}
