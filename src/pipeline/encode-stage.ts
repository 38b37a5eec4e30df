import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { planChunks } from "../domain/chunks.ts";
import type { EncodePlan } from "../domain/encode-plan.ts";
import { OutputError } from "../domain/errors.ts";
import { encodeSecondsOn } from "../domain/estimate.ts";
import { encodeBytes, encoderThreads, parallelChunks } from "../engines/ffmpeg/capacity.ts";
import type { ReusedSegments } from "../engines/ffmpeg/run-chunks.ts";
import type { EncodeReport } from "../engines/ffmpeg/run.ts";
import { encode } from "../engines/ffmpeg/run.ts";
import type { PipelineSettings, StageRun } from "./deps.ts";
import { outputBytes, requireSpace } from "./disk.ts";
import { growthAllowed, withinQuota } from "./quota.ts";
import { hasOldLayout } from "./transport-stage.ts";
import type { Workspace } from "./workspace.ts";

export interface EncodeStage {
  readonly plan: EncodePlan;
  readonly reused?: ReusedSegments | undefined;
  /** Called once, at the first frame of the source that is damaged. */
  readonly onDamage?: (() => void) | undefined;
}

/**
 * Encodes the plan into the workspace when the machine has the memory for it, within its deadline and its share of the disk;
 * reports progress as a share of the timeline. Throws what `encode` throws, and OutputError output_incomplete for a copy of a source with damaged frames.
 */
export async function encodeStage(
  { plan, reused, onDamage }: EncodeStage,
  workspace: Workspace,
  { deps, jobId, signal, key }: StageRun,
): Promise<EncodeReport> {
  const { settings, tools, report } = deps;
  const { durationSeconds } = plan.timeline;
  const deadlineSeconds = deadlineFor(plan, settings.encode);
  const { stallSeconds, chunkAboveCores: aboveCores, chunkSegments: minimumSegments } = settings.encode;
  const parallel = parallelChunks(plan, { ...settings.encode, concurrency: settings.concurrency });
  const chunks = { parallel, aboveCores, minimumSegments };
  const threads = encoderThreads(tools.threads, { cores: parallel, usableCores: aboveCores });
  const memoryBytes = encodeBytes(plan, chunks);
  const onWait = (): void => report({ kind: "waiting", jobId, memoryBytes });
  using _ = await deps.memory?.enter(memoryBytes, { signal, onWait });
  // Chunks wait on disk for those before them, at worst nearly all of them; what is reused lies there twice.
  const copies = reused || planChunks(plan, chunks).length > 1 ? 2 : 1;
  const again = hasOldLayout({ deps }) ? OLD_LAYOUT_COPIES : 0;
  const neededBytes = (copies + again) * outputBytes(plan);
  await requireSpace(settings.workDir, neededBytes, settings.disk.minimumFreeBytes);
  await Promise.all([...plan.video, ...plan.audio].map(({ id }) => mkdir(join(workspace.outDir, id))));
  const quota = { folder: dirname(workspace.outDir), growthBytes: growthAllowed(neededBytes, plan.source.sizeBytes) };
  const encoded = await withinQuota(quota, signal, (within) =>
    encode(
      {
        plan,
        sourcePath: workspace.sourcePath,
        outDir: workspace.outDir,
        pipeDir: workspace.pipeDir,
        keyDir: workspace.keyDir,
        ...(key ? { key } : {}),
        ...(reused ? { reused } : {}),
      },
      { ...tools, threads, limits: settings.limits, stallSeconds, deadlineSeconds, chunks },
      {
        signal: within,
        onDamage,
        onExit: (exit, stderr) => report({ kind: "engine-ended", jobId, exit, stderr }),
        onProgress: ({ seconds, speed }) => {
          const fraction = Math.min(1, seconds / durationSeconds);
          const pace = speed === undefined || speed <= 0 ? {} : { speed, secondsLeft: Math.max(0, durationSeconds - seconds) / speed };
          report({ kind: "progress", jobId, stage: "encode", fraction, ...pace });
        },
      },
    ),
  );
  refuseDamagedCopy(plan, encoded);
  return encoded;
}

/** Every picture with the sound in it, and the largest of them in one file while it is written again. */
const OLD_LAYOUT_COPIES = 2;

/** An encoder conceals damage; in a copy it would reach every player. */
function refuseDamagedCopy({ passThrough }: EncodePlan, { decodeErrors }: EncodeReport): void {
  if (passThrough?.kind !== "copy" || decodeErrors === 0) return;
  const facts = { decodeErrors };
  throw new OutputError("output_incomplete", `${decodeErrors} damaged frames of the source would be published as they are`, { facts });
}

/** An estimate can only add to what the configuration grants: other work on the machine is not in it. */
const ESTIMATE_MARGIN = 10;

function deadlineFor({ timeline, estimate }: EncodePlan, granted: PipelineSettings["encode"]): number {
  const estimated = ESTIMATE_MARGIN * encodeSecondsOn(availableParallelism(), estimate);
  return Math.max(granted.deadlineMinimumSeconds, granted.deadlineFactor * timeline.durationSeconds, estimated);
}
