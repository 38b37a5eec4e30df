import type { EncodePlan } from "../../domain/encode-plan.ts";
import { EngineError } from "../../domain/errors.ts";
import type { Loudness } from "../../domain/loudness.ts";
import type { InputLimits } from "../../media/input-guards.ts";
import { inputGuards, programGuards } from "../../media/input-guards.ts";
import { runCommand } from "../../process/run-command.ts";
import { succeeded } from "../../process/run-unit.ts";
import type { SandboxAbilities } from "../../process/sandbox.ts";
import { sandboxed } from "../../process/sandbox.ts";
import { meterChains } from "./audio-filters.ts";
import { loudnessReader } from "./loudness-lines.ts";
import { padOf } from "./pads.ts";
import { soundInputs } from "./sound-inputs.ts";

export interface MeterTools {
  readonly ffmpegPath: string;
  readonly limits: InputLimits;
  readonly sandbox: SandboxAbilities;
}

const DEADLINE_MS = 3_600_000;

/**
 * How loud each sound of the plan is when nothing is done, by `soundKey`: one pass over the source's sound through the very
 * filters of the encode. Throws EngineError engine_failed.
 */
export async function measureLoudness(
  { plan, sourcePath }: { readonly plan: EncodePlan; readonly sourcePath: string },
  { ffmpegPath, limits, sandbox }: MeterTools,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Loudness>> {
  const meters = meterChains(plan);
  const reader = loudnessReader();
  const command = sandboxed(
    { command: ffmpegPath, args: meterArguments(meters, soundInputs(plan, sourcePath), { sourcePath, limits }) },
    { fileSizeBytes: 0, reads: [sourcePath, ...soundInputs(plan, sourcePath)] },
    sandbox,
  );
  const result = await runCommand({ ...command, signal, deadlineMs: DEADLINE_MS, onStderrLine: reader.add });
  signal.throwIfAborted();
  const measured = reader.result();
  const missing = meters.filter(({ key }) => !measured.has(key)).map(({ key }) => key);
  if (!succeeded(result) || missing.length > 0)
    throw new EngineError("engine_failed", "the loudness of the source could not be measured", {
      facts: { missing, ffmpeg: result.stderrTail.slice(-500) },
    });
  return measured;
}

function meterArguments(
  meters: ReturnType<typeof meterChains>,
  sounds: ReturnType<typeof soundInputs>,
  { sourcePath, limits }: { readonly sourcePath: string; readonly limits: InputLimits },
): string[] {
  return [
    // The meter writes what it read at level info.
    ...["-hide_banner", "-nostats", "-loglevel", "info", ...programGuards(), ...inputGuards(limits)],
    ...["-vn", "-sn", "-dn", "-i", sourcePath],
    ...sounds.flatMap((path) => [...inputGuards(limits), "-i", path]),
    ...["-filter_complex", meters.map(({ chain }) => chain).join(";")],
    ...meters.flatMap(({ key }) => ["-map", padOf(key), "-f", "null", "-"]),
  ];
}
