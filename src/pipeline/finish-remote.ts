import { revisionBase } from "../domain/output-layout.ts";
import { isSpare } from "../engines/elastic-transcoder/collect.ts";
import { isOfService } from "../engines/mediaconvert/outputs.ts";
import type { OnSending } from "../publish/commit.ts";
import { discardRevision } from "../publish/discard.ts";
import { uploadWhileEncoding } from "../publish/upload-attempt.ts";
import type { RemoteEngineName } from "../engines/remote.ts";
import type { RemoteRecord } from "../state/remote-records.ts";
import { wasOvertaken } from "./admit.ts";
import { collectStage } from "./collect-stage.ts";
import type { StageRun } from "./deps.ts";
import { fetchStage } from "./fetch-stage.ts";
import { finishNamed } from "./finish-named.ts";
import { inWorkspace } from "./in-workspace.ts";
import { dropKept } from "./kept-source.ts";
import { attachLate } from "./late-sidecars.ts";
import { picturesStage } from "./pictures-stage.ts";
import { publishStage } from "./publish-stage.ts";
import type { JobRun } from "./run-job.ts";
import { textStage } from "./text-stage.ts";
import { transportStage } from "./transport-stage.ts";
import { verifyStage } from "./verify-stage.ts";
import type { Workspace } from "./workspace.ts";

/** What became of a remote job that is complete. */
export type FinishOutcome = "published" | "duplicate" | "stale";

/**
 * Publishes what a service made, by the stages that publish what is made here: measured, verified against the plan, with
 * playlists, pictures and asset.json of our own. The caller holds the claim, and the run's signal and check are that claim's.
 * Nothing of the revision stays when it is not published, unless the error says to come again. Throws OutputError and the
 * stages' JobErrors.
 */
export async function finishRemote(record: RemoteRecord, run: JobRun): Promise<FinishOutcome> {
  const outcome = await finish(record, run);
  // A submit that was killed may have left it for an attempt that is not needed any more.
  await dropKept(run.deps.settings.workDir, record.admitted.object);
  return outcome;
}

async function finish(record: RemoteRecord, run: JobRun): Promise<FinishOutcome> {
  const { deps, context } = run;
  const place = { assetPath: record.admitted.assetPath, revision: record.revision, engine: record.engine };
  if (await wasOvertaken(record.admitted, deps, context)) return leave("duplicate", place, run);
  let mayBeShown = false;
  const onSending = (isSent: boolean): void => {
    mayBeShown = isSent;
  };
  const outcome = await inWorkspace(deps.settings.workDir, (workspace) => publish({ record, workspace, onSending }, run));
  if (outcome !== "published" && !mayBeShown) return leave(outcome, place, run);
  await removeServiceNames(place, run);
  return outcome;
}

interface Place {
  readonly assetPath: string;
  readonly revision: string;
  readonly engine: RemoteEngineName;
}

const prefixOf = ({ assetPath, revision }: Omit<Place, "engine">): string => `${assetPath}/${revisionBase(revision)}`;

/** Asset.json may name this very revision: an attempt that was killed after its commit is a duplicate of itself. */
async function leave(outcome: "duplicate" | "stale", place: Place, run: JobRun): Promise<FinishOutcome> {
  await discardRevision(run.deps.published, place);
  await removeServiceNames(place, run);
  return outcome;
}

interface Publishing {
  readonly record: RemoteRecord;
  readonly workspace: Workspace;
  readonly onSending: OnSending;
}

async function publish({ record, workspace, onSending }: Publishing, run: JobRun): Promise<FinishOutcome> {
  const { job, admitted, revision, engine } = record;
  const { assetPath } = admitted;
  const { outDir } = workspace;
  const prefix = prefixOf({ assetPath, revision });
  if (engine === "elastic-transcoder") return finishNamed({ record, outDir, prefix, onSending }, run);
  const { deps, context, stage } = run;
  const store = deps.published;
  const stageRun = { deps, jobId: job.id, signal: context.signal };
  const { plan, renamed } = await stage("fetch", () => collectStage({ plan: record.plan, prefix, outDir }, stageRun));
  if (plan.text.length > 0 && (await fetchForText(record, workspace, stageRun)) === "stale") return "stale";
  const verified = await stage("verify", () => verifyStage(plan, outDir, stageRun));
  const texts = await stage("text", () => textStage(verified, { workspace, source: job.source, asset: admitted }, stageRun));
  const presentation = await stage("pictures", async () =>
    transportStage(await picturesStage(texts.presentation, outDir, stageRun), { job, outDir }, stageRun),
  );
  const renditionIds = [...plan.video, ...plan.audio].map(({ id }) => id);
  const upload = uploadWhileEncoding({ store, prefix, outDir, renditionIds, renamed }, context.signal);
  try {
    const request = {
      ...{ job, admitted, revision, presentation, outDir, upload, engine },
      encodeSeconds: Math.max(0, (Date.now() - Date.parse(record.submittedAt)) / 1000),
      degraded: [...plan.source.defects, ...texts.lost.map((id) => `text_lost:${id}`)],
      isComplete: true,
      isFirst: admitted.isNew,
      onSending,
      attached: texts.attached,
    };
    const outcome = await stage("publish", () => publishStage(request, deps, context));
    if (outcome === "published" && plan.video.length > 0)
      await attachLate({ jobId: job.id, source: job.source, seen: texts.seen, assetPath, folder: outDir }, deps, { store, ...context });
    return outcome;
  } finally {
    await upload.stop();
  }
}

/** Text is taken from the source here, as for every engine: the services' own is cut and timed otherwise. */
const fetchForText = (record: RemoteRecord, { sourcePath }: Workspace, run: StageRun): Promise<"fetched" | "stale"> =>
  fetchStage(record.admitted.object, sourcePath, run);

/**
 * What a published revision needs no more: media by a service's names once it has ours, or what no pointer leads to. Best
 * effort: it is part of a revision, and goes with it.
 */
async function removeServiceNames(place: Place, { deps: { published: store }, context: { signal } }: JobRun): Promise<void> {
  const prefix = prefixOf(place);
  const isGoing = place.engine === "mediaconvert" ? isOfService : isSpare;
  const removal = async (): Promise<void> => {
    const keys = (await store.list(prefix, signal)).map(({ key }) => key).filter((key) => isGoing(key.slice(prefix.length)));
    if (keys.length > 0) await store.remove(keys, signal);
  };
  await removal().catch(() => undefined);
}
