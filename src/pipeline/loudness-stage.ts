import type { EncodePlan } from "../domain/encode-plan.ts";
import { levelled } from "../domain/loudness.ts";
import { measureLoudness } from "../engines/ffmpeg/measure-loudness.ts";
import type { StageRun } from "./deps.ts";

/** The plan with the gains that bring its sound to the ladder's loudness; as it is when the ladder asks for none. Throws EngineError. */
export async function levelSound(plan: EncodePlan, sourcePath: string, { deps, signal }: StageRun): Promise<EncodePlan> {
  const { loudness, audio } = plan;
  if (!loudness || audio.length === 0) return plan;
  const tools = { ...deps.tools, limits: deps.settings.limits };
  const measured = await measureLoudness({ plan, sourcePath }, tools, signal);
  return { ...plan, audio: levelled(audio, measured, loudness) };
}
