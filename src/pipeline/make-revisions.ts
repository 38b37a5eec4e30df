import { join } from "node:path";
import { segmentCount } from "../domain/timeline.ts";
import { splitEarly } from "../domain/early-set.ts";
import type { EncodePlan } from "../domain/encode-plan.ts";
import { discardRevision } from "../publish/discard.ts";
import type { MadeRevision, RevisionWork } from "./make-revision.ts";
import { makeRevision } from "./make-revision.ts";
import { nameRevision } from "./name-revision.ts";
import { damaged, remainsOf, takeOver } from "./take-over.ts";

/**
 * Publishes the plan as `revision`; before it an early part of it as a revision of its own, where that is configured and
 * nothing plays yet: whatever plays is better than a part of what will. Throws what `makeRevision` throws.
 */
export async function makeRevisions(
  { plan, revision }: { readonly plan: EncodePlan; readonly revision: string },
  work: RevisionWork,
): Promise<MadeRevision["outcome"]> {
  const split = work.run.deps.settings.earlyPublish && work.admitted.isNew ? splitEarly(plan) : undefined;
  const whole = { revision, plan, isComplete: true };
  if (!split) return makeWhole({ plan, revision }, work);
  const { early, rest } = split;
  const before = await makeRevision({ revision: nameRevision(), plan: early, missing: early, isComplete: false }, work);
  if (before.outcome === "stale") return "stale";
  return (await makeRevision({ ...whole, missing: rest, before }, work)).outcome;
}

/** With what an attempt before this one left of it. */
async function makeWhole(
  { plan, revision }: { readonly plan: EncodePlan; readonly revision: string },
  work: RevisionWork,
): Promise<MadeRevision["outcome"]> {
  const { job, admitted, claim, run, workspace } = work;
  const { assetPath } = admitted;
  const { published: store, tools } = run.deps;
  const remains = remainsOf(plan, revision, tools.ffmpegVersion);
  const taken = remains && (await takeOver({ plan, remains, assetPath, store, claim, folder: join(workspace.pipeDir, "taken") }));
  if (taken) run.deps.report({ kind: "resumed", jobId: job.id, segments: taken.count, ofSegments: segmentCount(plan.timeline) });
  const isLeft = !claim.isLast && remains !== undefined;
  // A write that fails costs the mark alone: who lost the claim learns it by the claim's signal.
  const onDamage = remains && ((): void => void claim.leave(damaged(remains)).catch(() => undefined));
  const { outcome } = await makeRevision({ revision, plan, missing: plan, isComplete: true, taken, isLeft, onDamage }, work);
  // asset.json is another one than the attempt before had read: it can publish what it left no more.
  if (claim.left && outcome !== "stale") await discardRevision(run.deps.published, { assetPath, revision: claim.left.revision });
  return outcome;
}
