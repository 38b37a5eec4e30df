import { join } from "node:path";
import type { AttachJob } from "../domain/job.ts";
import { safeTitle } from "../media/labels.ts";
import type { AttachTools } from "./attach-text.ts";
import { attachText } from "./attach-text.ts";
import type { AttachDeps, JobContext } from "./deps.ts";
import { findTarget } from "./find-target.ts";
import { inWorkspace } from "./in-workspace.ts";
import { SourceChanged } from "./ports.ts";
import type { JobResult } from "./run-job.ts";
import type { RunStage } from "./stage-clock.ts";
import { fetchText } from "./text-file.ts";

export interface AttachRun {
  readonly deps: AttachDeps;
  readonly context: Pick<JobContext, "signal" | "checkLease">;
  readonly stage: RunStage;
}

/**
 * One attempt at attaching subtitles, from finding their asset to the moved pointers. Ignored when nobody asked for it and
 * no asset is published: the film's own job takes what lies beside its source. Throws JobErrors and the signal's reason.
 */
export async function runAttach(job: AttachJob, { deps, context, stage }: AttachRun): Promise<JobResult> {
  const { subtitles, as } = job;
  const { signal, checkLease } = context;
  const target = as ? wished(as, deps) : await stage("admit", () => findTarget(subtitles, deps, signal));
  if (!target) return { outcome: "ignored", reason: "subtitles of no published video: its own job takes them along" };
  const { assetPath } = target;
  const tools: AttachTools = { store: deps.published, checkLease, signal };
  try {
    return await inWorkspace(deps.settings.workDir, async ({ outDir }) => {
      const path = join(outDir, "text");
      const file = await stage("fetch", () => fetchText(subtitles, path, { sources: deps.sources, signal }));
      const outcome = await stage("publish", () => attachText({ ...target, file }, tools));
      return { outcome, assetPath };
    });
  } catch (error) {
    if (error instanceof SourceChanged) return { outcome: "stale", assetPath };
    throw error;
  }
}

function wished({ assetPath, language, name, forced }: NonNullable<AttachJob["as"]>, { settings }: AttachDeps) {
  const title = safeTitle(name);
  const track = { language, forced, sdh: false, ...(title === undefined ? {} : { title }) };
  return { assetPath: settings.publishPrefix + assetPath, track };
}
