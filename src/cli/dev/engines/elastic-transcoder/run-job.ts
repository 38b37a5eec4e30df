import { join } from "node:path";
import { driveJob, JobFailed } from "../drive-job.ts";
import { inputFacts } from "../input-facts.ts";
import { ObjectMissing } from "../objects.ts";
import type { Runtime } from "../runtime.ts";
import type { FindPreset } from "./create-job.ts";
import { JOB_ERRORS } from "./errors.ts";
import type { ElasticTranscoderJob, JobStatus } from "./job.ts";
import { isFinal } from "./job.ts";
import type { NotificationState } from "./notification.ts";
import type { FakePipeline } from "./pipelines.ts";
import type { RenderedOutput } from "./plan.ts";
import { planJob } from "./plan.ts";
import { render } from "./render.ts";

/** The outputs of a job on the local disk, below `folder`/out. */
export interface MadeOutputs {
  readonly folder: string;
  readonly files: readonly string[];
  readonly outputs: readonly RenderedOutput[];
}

/** Tells of a job's state in a notification. */
export type Announce = (job: ElasticTranscoderJob, state: NotificationState) => void;

/** What running a job needs of the service. */
export interface JobRunner extends Pick<Runtime<MadeOutputs, string>, "objects" | "tools" | "workshop" | "slots" | "switches" | "now"> {
  readonly pipeline: FakePipeline;
  readonly presetOf: FindPreset;
  readonly announce: Announce;
}

/** Takes a job to its end; never rejects. */
export function runJob(job: ElasticTranscoderJob, runner: JobRunner, signal: AbortSignal): Promise<void> {
  const { objects, workshop, announce, pipeline } = runner;
  const steps = {
    signal,
    begin: (): void => {
      move(job, "Progressing", runner);
      announce(job, "PROGRESSING");
    },
    make: async (): Promise<MadeOutputs> => {
      await requireNothingThere(job, runner);
      const etag = await objects.etagOf({ bucket: pipeline.inputBucket, key: job.request.input.Key });
      if (etag === undefined) throw inputMissing(job);
      return workshop.make(fingerprintOf(job, etag), (folder, abort) => makeOutputs({ job, folder }, runner, abort), signal);
    },
    write: ({ folder }: MadeOutputs, files: readonly string[]) =>
      objects.upload(files, join(folder, "out"), { bucket: pipeline.outputBucket, prefix: job.request.outputKeyPrefix }),
    complete: ({ folder, outputs }: MadeOutputs): void => {
      job.facts = outputs.map(({ facts: { durationSeconds, streams }, bytes }) => {
        const { width, height, frameRate } = streams.find(({ kind }) => kind === "video") ?? {};
        return { durationSeconds, bytes, ...(width && height && frameRate ? { width, height, frameRate } : {}) };
      });
      move(job, "Complete", runner);
      announce(job, "COMPLETED");
      void workshop.discard(folder);
    },
    fail: (error: unknown): void => {
      const { code, message } = error instanceof JobFailed ? error : { code: JOB_ERRORS.internal, message: String(error) };
      job.error = { code, message };
      move(job, "Error", runner);
      announce(job, "ERROR");
    },
  };
  return driveJob(steps, runner);
}

/** Enters a state. */
export function move(job: ElasticTranscoderJob, status: JobStatus, { now }: Pick<JobRunner, "now">): void {
  job.status = status;
  if (isFinal(status)) job.finishedAtMs = now();
  else job.startedAtMs = now();
}

/** The service never overwrites. */
async function requireNothingThere({ request }: ElasticTranscoderJob, { objects, pipeline }: JobRunner): Promise<void> {
  const names = [
    ...request.outputs.flatMap(({ Key }) => [Key, `${Key}.m3u8`, `${Key}_v4.m3u8`]),
    ...request.playlists.map(({ Name, Format }) => `${Name}${Format === "MPEG-DASH" ? ".mpd" : ".m3u8"}`),
  ];
  for (const name of names) {
    const key = `${request.outputKeyPrefix}${name}`;
    if ((await objects.etagOf({ bucket: pipeline.outputBucket, key })) !== undefined)
      throw new JobFailed(JOB_ERRORS.outputExists, `The object ${key} exists already.`);
  }
}

const inputMissing = ({ request }: ElasticTranscoderJob): JobFailed =>
  new JobFailed(JOB_ERRORS.inputMissing, `The object ${request.input.Key} does not exist.`);

/** Jobs that differ in nothing but the name of the input and where they write to. */
const fingerprintOf = ({ request: { outputs, playlists } }: ElasticTranscoderJob, etag: string): string =>
  JSON.stringify([etag, outputs, playlists]);

async function makeOutputs(
  { job, folder }: { job: ElasticTranscoderJob; folder: string },
  { objects, tools, pipeline, presetOf }: JobRunner,
  signal: AbortSignal,
): Promise<MadeOutputs> {
  const { request } = job;
  const film = join(folder, "film");
  await objects.download({ bucket: pipeline.inputBucket, key: request.input.Key }, film, signal).catch((error: unknown) => {
    throw error instanceof ObjectMissing ? inputMissing(job) : error;
  });
  const facts = await inputFacts(tools, film, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new JobFailed(JOB_ERRORS.unsupported, `The format of ${request.input.Key} is not supported: ${String(error)}`);
  });
  const plans = planJob(request, facts, presetOf);
  return { folder, ...(await render({ request, plans, folder, tools, signal })) };
}
