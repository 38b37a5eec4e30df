import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Rendition } from "../domain/encode-plan.ts";
import { runCommand } from "../process/run-command.ts";
import type { SandboxAbilities } from "../process/sandbox.ts";
import { sandboxed } from "../process/sandbox.ts";
import { parseProbeReport } from "./ffprobe-json.ts";
import { joinFiles } from "./join-files.ts";

export interface OutputProbe {
  readonly ffprobePath: string;
  readonly sandbox: SandboxAbilities;
  /** Folder of the rendition on disk. */
  readonly folder: string;
  /** Init segment and the media segment to read with it. */
  readonly parts: readonly [init: string, segment: string];
}

const DEADLINE_MS = 30_000;

/**
 * What a decoder's eyes say of one segment: undefined when ffprobe reads the expected codec, size and channels without a
 * word, else what is wrong. An independent check of what our own reader believes.
 */
export async function probeOutput(rendition: Rendition, probe: OutputProbe, signal: AbortSignal): Promise<string | undefined> {
  const path = join(probe.folder, `probe-${probe.parts[1]}`);
  try {
    await joinFiles(
      probe.parts.map((part) => join(probe.folder, part)),
      path,
      signal,
    );
    const args = ["-v", "error", "-f", "mov", "-protocol_whitelist", "file", "-show_streams", "-of", "json", path];
    const { exitCode, stdout, stderrTail } = await runCommand({
      ...sandboxed({ command: probe.ffprobePath, args }, {}, probe.sandbox),
      signal,
      deadlineMs: DEADLINE_MS,
    });
    signal.throwIfAborted();
    const stream = parseProbeReport(stdout)?.streams[0];
    if (exitCode !== 0 || !stream) return `ffprobe cannot read it: ${stderrTail.trim().slice(0, 200)}`;
    const found =
      rendition.kind === "video" ? `${stream.codec_name} ${stream.width}x${stream.height}` : `${stream.codec_name} ${stream.channels}`;
    const expected =
      rendition.kind === "video" ? `${rendition.codec} ${rendition.width}x${rendition.height}` : `${rendition.codec} ${rendition.channels}`;
    return found === expected ? undefined : `ffprobe reads ${found}, not ${expected}`;
  } finally {
    await rm(path, { force: true });
  }
}
