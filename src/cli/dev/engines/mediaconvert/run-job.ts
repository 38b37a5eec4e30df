import { driveJob, JobFailed } from "../drive-job.ts";
import type { Objects } from "../objects.ts";
import type { Runtime } from "../runtime.ts";
import { destinationOf } from "./create-job.ts";
import { JOB_ERRORS } from "./errors.ts";
import type { EventStatus } from "./events.ts";
import { inputDetails, jobProgress } from "./events.ts";
import type { GroupDetail, JobStatus, MediaConvertJob } from "./job.ts";
import { isFinal } from "./job.ts";
import type { MadeOutputs } from "./make-outputs.ts";
import { makeOutputs, placeOf } from "./make-outputs.ts";
import { groupFolder } from "./render.ts";

/** Tells of a job's state in an event. */
export type Announce = (job: MediaConvertJob, status: EventStatus, detail: Readonly<Record<string, unknown>>) => void;

/** What running a job needs of the service. */
export interface JobRunner extends Pick<Runtime<MadeOutputs, string>, "objects" | "tools" | "workshop" | "slots" | "switches" | "now"> {
  readonly announce: Announce;
}

/** Frames of the input are told in events at these shares. */
const TOLD_PERCENTS = 25;

/** Takes a job to its end; never rejects. */
export function runJob(job: MediaConvertJob, runner: JobRunner, signal: AbortSignal): Promise<void> {
  const { request } = job;
  const { fileInput } = request.settings.inputs[0];
  const steps = {
    signal,
    begin: (): void => {
      move(job, "PROGRESSING", runner);
      runner.announce(job, "PROGRESSING", {});
    },
    make: async (): Promise<MadeOutputs> => {
      const etag = await runner.objects.etagOf(placeOf(fileInput));
      if (etag === undefined) throw new JobFailed(JOB_ERRORS.notFound, `Unable to open input file [${fileInput}]: not found.`);
      const made = await runner.workshop.make(fingerprintOf(job, etag), encode(job, runner), signal);
      // What was prepared for another job has told its news to that one.
      if (job.percent === 0) runner.announce(job, "INPUT_INFORMATION", inputDetails(fileInput, made.facts));
      job.percent = 100;
      runner.announce(job, "STATUS_UPDATE", jobProgress(100, framesOf(made)));
      return made;
    },
    write: (made: MadeOutputs, files: readonly string[]) => write(job, made, { files, objects: runner.objects }),
    complete: (made: MadeOutputs): void => {
      const groups = made.groups.map((group, index) => groupDetail(job, group, index));
      job.groups = groups;
      move(job, "COMPLETE", runner);
      runner.announce(job, "COMPLETE", { outputGroupDetails: groups, paddingInserted: 0, blackVideoDetected: 0, warnings: [] });
      void runner.workshop.discard(made.folder);
    },
    fail: (error: unknown): void => {
      const { code, message } = error instanceof JobFailed ? error : { code: JOB_ERRORS.unknown, message: String(error) };
      job.error = { code, message };
      move(job, "ERROR", runner);
      runner.announce(job, "ERROR", { errorCode: code, errorMessage: message });
    },
  };
  return driveJob(steps, runner);
}

const encode =
  (job: MediaConvertJob, { objects, tools, announce }: JobRunner) =>
  (folder: string, signal: AbortSignal): Promise<MadeOutputs> => {
    const { request } = job;
    return makeOutputs({
      ...{ request, objects, tools, folder, signal },
      onFacts: (facts) => {
        job.percent = 1;
        announce(job, "INPUT_INFORMATION", inputDetails(request.settings.inputs[0].fileInput, facts));
      },
      onPercent: (percent) => {
        const before = job.percent;
        if (percent <= before) return;
        job.percent = percent;
        if (Math.floor(before / TOLD_PERCENTS) < Math.floor(percent / TOLD_PERCENTS))
          announce(job, "STATUS_UPDATE", jobProgress(percent, percent));
      },
    });
  };

const framesOf = ({ facts }: MadeOutputs): number =>
  Math.round(facts.durationSeconds * (facts.streams.find(({ kind }) => kind === "video")?.frameRate ?? 0));

/** Enters a state. */
export function move(job: MediaConvertJob, status: JobStatus, { now }: Pick<JobRunner, "now">): void {
  job.status = status;
  if (isFinal(status)) job.finishedAtMs = now();
  else job.startedAtMs = now();
}

/** Jobs that differ in nothing but the name of the input and the folders they write to. */
function fingerprintOf({ request: { settings } }: MediaConvertJob, etag: string): string {
  const inputs = settings.inputs.map(({ fileInput: _, ...input }) => ({ ...input, etag }));
  return JSON.stringify({ ...settings, inputs }, (key, value: unknown) =>
    key === "destination" && typeof value === "string" ? value.slice(value.lastIndexOf("/")) : value,
  );
}

async function write(
  { request }: MediaConvertJob,
  { folder }: MadeOutputs,
  { files, objects }: { files: readonly string[]; objects: Objects },
): Promise<void> {
  for (const [index, group] of request.settings.outputGroups.entries()) {
    const own = groupFolder("", index);
    const names = files.filter((file) => file.startsWith(`${own}/`)).map((file) => file.slice(own.length + 1));
    await objects.upload(names, groupFolder(folder, index), folderOf(destinationOf(group)));
  }
}

const folderOf = (destination: string): { readonly bucket: string; readonly prefix: string } => {
  const { bucket, key } = placeOf(destination);
  return { bucket, prefix: key.slice(0, key.lastIndexOf("/") + 1) };
};

function groupDetail({ request }: MediaConvertJob, made: MadeOutputs["groups"][number], index: number): GroupDetail {
  const group = request.settings.outputGroups[index];
  const { bucket, prefix } = folderOf(group ? destinationOf(group) : "");
  const uri = (name: string): string => `s3://${bucket}/${prefix}${name}`;
  const last = made.files.at(-1);
  if (made.kind === "files") {
    const [output = { durationInMs: 0 }] = made.outputs;
    return { type: "FILE_GROUP", outputDetails: [{ ...output, outputFilePaths: last === undefined ? [] : [uri(last)] }] };
  }
  const tops = [`${made.base}.mpd`, `${made.base}.m3u8`].filter((name) => made.files.includes(name));
  return { type: "CMAF_GROUP", outputDetails: made.outputs, playlistFilePaths: tops.map(uri) };
}
