import { extname, join } from "node:path";
import { JobFailed } from "../drive-job.ts";
import type { InputFacts } from "../input-facts.ts";
import { inputFacts } from "../input-facts.ts";
import type { ObjectPlace, Objects } from "../objects.ts";
import { ObjectMissing } from "../objects.ts";
import type { EncodingTools } from "../tools.ts";
import type { CreateJobRequest } from "./create-job.ts";
import { JOB_ERRORS } from "./errors.ts";
import { canAccelerate } from "./job.ts";
import type { GroupPlan } from "./plan.ts";
import { planJob } from "./plan.ts";
import { groupFolder, render } from "./render.ts";
import type { OutputDetail } from "./job.ts";

/** The outputs of a job on the local disk. */
export interface MadeOutputs {
  readonly folder: string;
  readonly facts: InputFacts;
  readonly groups: readonly MadeGroup[];
  /** Below `folder`. */
  readonly files: readonly string[];
}

export interface MadeGroup {
  readonly kind: GroupPlan["kind"];
  readonly base: string;
  readonly files: readonly string[];
  readonly outputs: readonly OutputDetail[];
}

export interface MakeOptions {
  readonly request: CreateJobRequest;
  readonly objects: Objects;
  readonly tools: EncodingTools;
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onFacts: (facts: InputFacts) => void;
  readonly onPercent: (percent: number) => void;
}

/** Fetches the input, encodes and packages it. Throws JobFailed with the service's code for what is wrong with it. */
export async function makeOutputs(options: MakeOptions): Promise<MadeOutputs> {
  const { request, tools, folder, signal, onFacts, onPercent } = options;
  const { settings } = request;
  if (request.accelerationSettings.mode === "ENABLED" && !canAccelerate(request))
    throw new JobFailed(JOB_ERRORS.acceleration, "Accelerated transcoding needs timecodes that start at zero.");
  const film = join(folder, "film");
  await fetchInput(options, settings.inputs[0].fileInput, film);
  const facts = await inputFacts(tools, film, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new JobFailed(JOB_ERRORS.open, `Unable to open input file [${settings.inputs[0].fileInput}]: ${String(error)}`);
  });
  onFacts(facts);
  const groups = planJob(settings, facts);
  const uris = [...new Set(groups.flatMap(({ tracks }) => tracks.flatMap(({ sidecar }) => sidecar ?? [])))];
  const sidecars = new Map(uris.map((uri, index) => [uri, `sidecar${index}${extname(uri)}`] as const));
  for (const [uri, name] of sidecars) await fetchInput(options, uri, join(folder, name));
  const turnsByItself = settings.inputs[0].videoSelector?.rotate === "AUTO";
  const files = await render({ groups, turnsByItself, facts, folder, sidecars, tools, signal, onPercent });
  const made = await Promise.all(
    groups.map(async (group, index) => {
      const names = files[index] ?? [];
      return { kind: group.kind, base: group.base, files: names, outputs: await details(options, group, index) };
    }),
  );
  return {
    folder,
    facts,
    groups: made,
    files: made.flatMap(({ files: names }, index) => names.map((name) => join(groupFolder("", index), name))),
  };
}

export const placeOf = (uri: string): ObjectPlace => {
  const [, bucket = "", key = ""] = /^s3:\/\/([^/]+)\/(.*)$/.exec(uri) ?? [];
  return { bucket, key };
};

async function fetchInput({ objects, signal }: MakeOptions, uri: string, file: string): Promise<void> {
  try {
    await objects.download(placeOf(uri), file, signal);
  } catch (error) {
    if (error instanceof ObjectMissing) throw new JobFailed(JOB_ERRORS.notFound, `Unable to open input file [${uri}]: not found.`);
    throw error;
  }
}

/** What ffprobe says of each encoded track. */
async function details({ tools, folder, signal }: MakeOptions, group: GroupPlan, index: number): Promise<readonly OutputDetail[]> {
  if (group.kind !== "cmaf") return [{ durationInMs: 0 }];
  return Promise.all(
    group.tracks.map(async ({ kind }, at) => {
      if (kind === "text") return { durationInMs: 0 };
      const { durationSeconds, streams } = await inputFacts(tools, join(folder, `${index}-${at}.mp4`), signal);
      const [picture] = streams;
      const durationInMs = Math.round(durationSeconds * 1000);
      if (kind === "audio" || picture === undefined) return { durationInMs };
      return { durationInMs, videoDetails: { widthInPx: picture.width, heightInPx: picture.height } };
    }),
  );
}
