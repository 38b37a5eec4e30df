import type { Content } from "../domain/content.ts";
import type { EncodePlan } from "../domain/encode-plan.ts";
import { planEncode } from "../domain/plan-encode.ts";
import type { Ladder } from "../domain/ladder.ts";
import type { Source } from "../domain/source.ts";
import type { InputLimits } from "../media/input-guards.ts";
import { probeContent } from "../media/probe-content.ts";
import { steadySound } from "../media/steady-sound.ts";
import type { StageRun, Tools } from "./deps.ts";
import { levelSound } from "./loudness-stage.ts";

/** A probed source on disk and the ladder it is meant for. */
export interface PlanRequest {
  readonly source: Source;
  readonly ladder: Ladder;
  readonly sourcePath: string;
  /** What an attempt before this one measured of these very bytes. */
  readonly known?: Content | undefined;
}

/** What measures the source, and for how long. */
export interface Measuring {
  readonly tools: Pick<Tools, "ffmpegPath" | "threads" | "sandbox">;
  readonly limits: InputLimits;
  readonly signal: AbortSignal;
}

/** Measures what the plan depends on beyond the probe, and decides. Throws the signal's reason. */
export async function planSource(
  { source, ladder, sourcePath, known }: PlanRequest,
  { tools, limits, signal }: Measuring,
): Promise<EncodePlan> {
  const asConfigured = planEncode(source, ladder);
  if (asConfigured.content.kind !== "unmeasured") return asConfigured;
  const content = known ?? (await probeContent({ plan: asConfigured, sourcePath }, { ...tools, limits }, signal));
  return planEncode(source, ladder, { content });
}

/** The plan of a job, its sound in one layout each, and measured where the ladder wants it at one loudness. */
export async function planStage(request: PlanRequest, run: StageRun): Promise<EncodePlan> {
  const { tools, settings } = run.deps;
  const plan = await planSource(request, { tools, limits: settings.limits, signal: run.signal });
  await steadySound(request, { ...tools, limits: settings.limits }, run.signal);
  return levelSound(plan, request.sourcePath, run);
}
