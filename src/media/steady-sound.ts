import { writeFile } from "node:fs/promises";
import { EngineError } from "../domain/errors.ts";
import type { AudioTrack, Source } from "../domain/source.ts";
import { runCommand } from "../process/run-command.ts";
import { succeeded } from "../process/run-unit.ts";
import type { SandboxAbilities } from "../process/sandbox.ts";
import { sandboxed } from "../process/sandbox.ts";
import type { InputLimits } from "./input-guards.ts";
import { inputGuards, programGuards } from "./input-guards.ts";

export interface SoundTools {
  readonly ffmpegPath: string;
  readonly limits: InputLimits;
  readonly sandbox: SandboxAbilities;
}

const DEADLINE_MS = 3_600_000;
/** Six hours of 5.1 in FLAC are 6 GB. */
const MAX_FILE_BYTES = 16 * 1024 ** 3;

/** Where a track lies whose layout changed on the way, beside its source. */
export const steadyPath = (sourcePath: string, { index }: Pick<AudioTrack, "index">): string => `${sourcePath}-${index}.mka`;

/**
 * Writes each track that changes its channel layout into a file of its own, lossless and in one layout. ffmpeg builds a
 * filter graph anew when the sound in it changes, and with it would begin the picture again; a graph of this sound alone
 * keeps no state that could be lost. Throws EngineError engine_failed.
 */
export async function steadySound(
  { source, sourcePath }: { readonly source: Source; readonly sourcePath: string },
  { ffmpegPath, limits, sandbox }: SoundTools,
  signal: AbortSignal,
): Promise<void> {
  for (const track of source.audio.filter(({ changesLayout }) => changesLayout)) {
    const args = steadyArguments(sourcePath, track, limits);
    const path = steadyPath(sourcePath, track);
    // The program sees this one file of the folder, so it has to be there.
    await writeFile(path, "");
    const needs = { fileSizeBytes: MAX_FILE_BYTES, reads: [sourcePath], writes: [path] };
    const command = sandboxed({ command: ffmpegPath, args }, needs, sandbox);
    const result = await runCommand({ ...command, signal, deadlineMs: DEADLINE_MS });
    signal.throwIfAborted();
    if (!succeeded(result)) {
      const facts = { ffmpeg: result.stderrTail.slice(-500) };
      throw new EngineError("engine_failed", `the changing sound of stream ${track.index} could not be brought into one layout`, { facts });
    }
  }
}

const steadyArguments = (sourcePath: string, track: AudioTrack, limits: InputLimits): string[] => [
  ...["-v", "error", "-y", ...programGuards(), ...inputGuards(limits), "-vn", "-sn", "-dn", "-i", sourcePath],
  ...["-map", `0:${track.index}`, "-map_metadata", "-1", "-map_chapters", "-1"],
  ...["-af", `aresample=48000,aformat=sample_fmts=s16:channel_layouts=${track.channels > 2 ? "5.1" : "stereo"}`],
  ...["-c:a", "flac", "-f", "matroska", steadyPath(sourcePath, track)],
];
