import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { EmbeddedText } from "../domain/encode-plan.ts";
import { runCommand } from "../process/run-command.ts";
import { succeeded } from "../process/run-unit.ts";
import type { SandboxAbilities } from "../process/sandbox.ts";
import { sandboxed } from "../process/sandbox.ts";
import type { InputLimits } from "./input-guards.ts";
import { inputGuards, programGuards } from "./input-guards.ts";

export interface TextTools {
  readonly ffmpegPath: string;
  readonly limits: InputLimits;
  readonly sandbox: SandboxAbilities;
}

const DEADLINE_MS = 1_800_000;
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/**
 * Writes each text track of the source as WebVTT into `folder` and resolves to the files' texts by rendition id, times as
 * ffmpeg has them (the container's start taken off). A track that cannot be read is missing from the result: a film is
 * published without its subtitles rather than not at all, and the caller says so.
 */
export async function extractText(
  request: { readonly sourcePath: string; readonly folder: string; readonly renditions: readonly EmbeddedText[] },
  tools: TextTools,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for (const rendition of request.renditions) {
    const path = join(request.folder, `${rendition.id}.vtt`);
    const args = textArguments(request.sourcePath, rendition.sourceIndex, { path, limits: tools.limits });
    const command = sandboxed(
      { command: tools.ffmpegPath, args },
      { fileSizeBytes: MAX_FILE_BYTES, reads: [request.sourcePath], writes: [request.folder] },
      tools.sandbox,
    );
    const result = await runCommand({ ...command, signal, deadlineMs: DEADLINE_MS });
    signal.throwIfAborted();
    if (succeeded(result)) texts.set(rendition.id, await readFile(path, "utf8"));
  }
  return texts;
}

const textArguments = (sourcePath: string, index: number, { path, limits }: { path: string; limits: InputLimits }): string[] => [
  ...["-v", "error", "-y", ...programGuards(), ...inputGuards(limits), "-vn", "-an", "-dn", "-i", sourcePath],
  ...["-map", `0:${index}`, "-map_metadata", "-1", "-map_chapters", "-1", "-c:s", "webvtt", "-f", "webvtt", path],
];
