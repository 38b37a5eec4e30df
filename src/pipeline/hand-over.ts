import type { EncodePlan } from "../domain/encode-plan.ts";
import { EngineError } from "../domain/errors.ts";
import type { EngineName, Job } from "../domain/job.ts";
import { revisionBase } from "../domain/output-layout.ts";
import type { EngineDesk } from "../engines/desk.ts";
import type { RemoteEngine, RemoteEngineName, RemoteRequest } from "../engines/remote.ts";
import { RemoteEngineError } from "../engines/remote.ts";
import type { Choice } from "../engines/select.ts";
import { isWorthWaiting } from "../engines/select.ts";
import { createRemoteRecord } from "../state/remote-records.ts";
import type { Admitted } from "./admit.ts";
import { nameRevision } from "./name-revision.ts";
import type { Claim, ObjectStore, RemoteIntent, RemoteSide } from "./ports.ts";
import type { JobContext, PipelineDeps } from "./deps.ts";
import type { RunStage } from "./stage-clock.ts";

/** The services that jobs can be handed to, and who chooses among them and ffmpeg. */
export interface Services {
  readonly desk: EngineDesk;
  readonly engines: ReadonlyMap<RemoteEngineName, RemoteEngine>;
  /** Of the state bucket. */
  readonly state: Pick<ObjectStore, "writeText">;
  readonly publishBucket: string;
}

/** A job whose plan is made. */
export interface HandOverRequest {
  readonly job: Job;
  readonly admitted: Admitted;
  readonly claim: Claim;
  /** Without anything copied: no service can. */
  readonly plan: EncodePlan;
}

/** What handing over needs of an attempt. */
export interface HandOverRun {
  readonly deps: Pick<PipelineDeps, "services" | "report"> & { readonly sources: Pick<PipelineDeps["sources"], "head"> };
  readonly context: Pick<JobContext, "signal" | "checkLease" | "messageId">;
  readonly stage: RunStage;
}

/** `here`: ffmpeg does it. */
export type HandedOver = "submitted" | "stale" | "here";

interface Handing extends HandOverRequest {
  readonly services: Services;
  readonly side: RemoteSide;
  readonly run: HandOverRun;
  /** Engines that failed this job, by this attempt as well. */
  readonly tried: Set<EngineName>;
  /** Of them: those that this attempt met at a bad time, and that may do it later. */
  readonly later: Set<EngineName>;
}

/**
 * Chooses the engine of a job and hands the job to it when that is a service. What is asked for is durable before it is
 * asked, and what was asked before is looked for first: whatever dies in between, there is one remote job. Throws EngineError
 * when no engine can do it (engine_rejected) or can do it now (engine_unavailable), and the store's JobErrors.
 */
export async function handOver(request: HandOverRequest, run: HandOverRun): Promise<HandedOver> {
  const { services } = run.deps;
  const side = request.claim.remote;
  if (!services || !side) return tellChoice({ engine: "ffmpeg", reason: "the only engine of this worker", passedOver: [] }, request, run);
  const handing: Handing = { ...request, services, side, run, tried: new Set(side.tried), later: new Set() };
  if (await adoptBefore(handing)) return "submitted";
  for (;;) {
    const unsupported = (name: EngineName) => engineOf(name, services)?.unsupported(requestOf(handing, LIKE_ANY)) ?? [];
    const choice = services.desk.choose(unsupported, { wanted: request.job.engine, tried: handing.tried });
    tellChoice(choice, request, run);
    if (choice.engine === undefined) throw await noEngine(choice, handing);
    const engine = engineOf(choice.engine, services);
    if (!engine) return "here";
    const handed = await onFailure(engine, handing, async () => {
      // A queue that is paused takes jobs and starts none: that it takes this one would prove nothing.
      if (choice.isProbe) await engine.check(run.context.signal);
      return submitTo(engine, handing);
    });
    if (handed !== undefined) return handed;
  }
}

const LIKE_ANY = { token: "token", revision: "revision", intendedAt: new Date(0).toISOString() };

const engineOf = (name: EngineName, { engines }: Services): RemoteEngine | undefined => (name === "ffmpeg" ? undefined : engines.get(name));

function tellChoice(choice: Choice, { job }: HandOverRequest, { deps }: HandOverRun): "here" {
  const { engine, reason, passedOver } = choice;
  const notes = passedOver.map((other) => `${other.engine}: ${other.reason}`);
  if (engine)
    deps.report({
      ...{ kind: "engine-chosen", jobId: job.id, engine, reason: [reason, ...notes].join("; ") },
      why: passedOver.at(-1)?.kind ?? "first",
    });
  return "here";
}

/** Where every engine has failed the job, and one of them not for good, it begins anew: as often as any job that fails. */
async function noEngine(choice: Choice, { later, side }: Handing): Promise<EngineError> {
  const { reason, passedOver } = choice;
  const notes = passedOver.map((other) => `${other.engine}: ${other.reason}`);
  const mayHelp = later.size > 0 || isWorthWaiting(choice);
  if (
    !mayHelp &&
    side.tried.some((name) => !side.refused.includes(name) && passedOver.some(({ engine, kind }) => engine === name && kind === "tried"))
  ) {
    await side.rule(side.refused, side.refused);
    return new EngineError("engine_failed", ["every engine that can do this job has failed it", ...notes].join("; "));
  }
  return new EngineError(mayHelp ? "engine_unavailable" : "engine_rejected", [reason, ...notes].join("; "));
}

/** Undefined when the engine failed and another may be asked; what the service may have done is looked for by the next attempt. */
async function onFailure<T>(engine: RemoteEngine, { services, tried, later }: Handing, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RemoteEngineError)) throw error;
    services.desk.failed(engine.name, error.failureClass);
    if (error.unclear) throw error;
    tried.add(engine.name);
    if (error.failureClass !== "source") later.add(engine.name);
    return undefined;
  }
}

/** Finds the job that an attempt before this one asked for, and did not come to note. */
async function adoptBefore(handing: Handing): Promise<boolean> {
  const { side, services, job, run } = handing;
  const { before } = side;
  if (!before || (job.engine !== undefined && job.engine !== before.engine)) return false;
  const engine = engineOf(before.engine, services);
  if (!engine) return false;
  const remoteId = await lookFor(before, engine, handing);
  if (remoteId === undefined) return false;
  tellChoice({ engine: engine.name, reason: "it has the job since an attempt before this one", passedOver: [] }, handing, run);
  await record({ ...handing, remoteId, intent: before });
  return true;
}

/**
 * The job of an attempt before this one. While the service does not answer the job waits: another engine's would be a second
 * one, and nobody would know of the first. Not for ever: what is not found by then has ended.
 */
async function lookFor(before: RemoteIntent, engine: RemoteEngine, handing: Handing): Promise<string | undefined> {
  const { services, run } = handing;
  const notBefore = new Date(before.intendedAt);
  const find = () => engine.find({ token: before.token, source: sourceOf(handing), notBefore }, run.context.signal);
  if (Date.now() - notBefore.getTime() > SOUGHT_MS) return onFailure(engine, handing, find);
  try {
    return await find();
  } catch (error) {
    if (!(error instanceof RemoteEngineError)) throw error;
    services.desk.failed(engine.name, error.failureClass);
    throw new EngineError("engine_unavailable", `${engine.name} may have this job, and does not say so: ${error.message}`, {
      cause: error,
    });
  }
}

const SOUGHT_MS = 6 * 3_600_000;

async function submitTo(engine: RemoteEngine, handing: Handing): Promise<"submitted" | "stale"> {
  const { side, services, job, run } = handing;
  const { signal, checkLease } = run.context;
  if (await isOverwritten(handing)) return "stale";
  const revision = nameRevision();
  const intent =
    side.before?.engine === engine.name
      ? side.before
      : await side.intend({ engine: engine.name, token: `${job.id}.${revision}`, revision });
  checkLease();
  const remoteId = await run.stage("submit", () => engine.submit(requestOf(handing, intent), signal));
  services.desk.took(engine.name);
  await record({ ...handing, remoteId, intent });
  return "submitted";
}

/** A service reads what is there when it comes to it. */
async function isOverwritten({ job, admitted, run }: Handing): Promise<boolean> {
  const { bucket, key } = job.source;
  const { deps, context } = run;
  return !admitted.pinsVersion && (await deps.sources.head({ bucket, key }, context.signal)).etag !== admitted.object.etag;
}

interface Recording extends Handing {
  readonly remoteId: string;
  readonly intent: RemoteIntent;
}

const record = ({ job, admitted, plan, side, services, run, remoteId, intent }: Recording): Promise<void> =>
  createRemoteRecord(
    services.state,
    {
      ladderd: 1,
      ...{ engine: intent.engine, remoteId, token: intent.token, revision: intent.revision },
      messageId: run.context.messageId,
      submittedAt: new Date().toISOString(),
      ...{ job, admitted, plan, tried: side.tried, state: { kind: "submitted" } },
    },
    run.context.signal,
  );

const sourceOf = ({ job, admitted }: Pick<HandOverRequest, "job" | "admitted">): RemoteRequest["source"] => ({
  ...job.source,
  ...(admitted.pinsVersion ? { pinsVersion: true } : {}),
});

const requestOf = (
  { job, admitted, plan, services }: Handing,
  { token, revision, intendedAt }: Pick<RemoteIntent, "token" | "revision" | "intendedAt">,
): RemoteRequest => ({
  ...{ plan, token, source: sourceOf({ job, admitted }), notBefore: new Date(intendedAt), metadata: job.metadata ?? {} },
  destination: { bucket: services.publishBucket, prefix: `${admitted.assetPath}/${revisionBase(revision)}` },
});
