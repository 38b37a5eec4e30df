import { rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Rendition } from "../domain/encode-plan.ts";
import type { ContentKey } from "../domain/encryption.ts";
import type { RenditionFacts } from "../packaging/facts.ts";
import { runCommand } from "../process/run-command.ts";
import type { SandboxAbilities } from "../process/sandbox.ts";
import { sandboxed } from "../process/sandbox.ts";
import { joinSegments } from "./join-segments.ts";

export interface OutputProbe {
  readonly ffprobePath: string;
  readonly sandbox: SandboxAbilities;
  /** Folder of the rendition on disk. */
  readonly folder: string;
  readonly key: ContentKey | undefined;
}

const DEADLINE_MS = 30_000;
/** Decoders hold back a frame or two, never half a second of the last segment. */
const TIME_SLACK_SECONDS = 0.5;

const number = z.coerce.number().optional().catch(undefined);
const report = z.object({
  streams: z.tuple([z.object({ codec_name: z.string(), width: number, height: number, channels: number })]),
  frames: z.array(z.object({ best_effort_timestamp_time: number })).default([]),
});
type OutputReport = z.infer<typeof report>;

/**
 * What a decoder's eyes say of a rendition's first and last segment (R-X9): undefined when ffprobe reads the expected
 * codec, size and channels and decodes frames of both, else what is wrong. An independent check of what our own reader
 * believes, with one process a rendition.
 */
export async function probeOutput(
  { rendition, facts }: { rendition: Rendition; facts: RenditionFacts },
  { ffprobePath, sandbox, folder, key }: OutputProbe,
  signal: AbortSignal,
): Promise<string | undefined> {
  const path = join(folder, "ends.mp4");
  const ends = new Set([facts.segments.at(0), facts.segments.at(-1)].flatMap((segment) => segment ?? []));
  try {
    await joinSegments({ folder, segments: [...ends], key }, path, signal);
    const shown = "stream=codec_name,width,height,channels:frame=best_effort_timestamp_time";
    const args = ["-v", "error", "-f", "mov", "-protocol_whitelist", "file", "-skip_frame", "nokey"];
    const command = { command: ffprobePath, args: [...args, "-show_entries", shown, "-of", "json", path] };
    const { exitCode, stdout, stderrTail } = await runCommand({
      ...sandboxed(command, { reads: [path] }, sandbox),
      signal,
      deadlineMs: DEADLINE_MS,
    });
    signal.throwIfAborted();
    const read = exitCode === 0 ? parseReport(stdout) : undefined;
    if (!read) return `ffprobe cannot read it: ${stderrTail.trim().slice(0, 200)}`;
    return wrongStream(rendition, read) ?? missingEnd(facts, read);
  } finally {
    await rm(path, { force: true });
  }
}

function parseReport(json: string): OutputReport | undefined {
  try {
    return report.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}

function wrongStream(rendition: Rendition, { streams: [stream] }: OutputReport): string | undefined {
  const isVideo = rendition.kind === "video";
  const found = isVideo ? `${stream.codec_name} ${stream.width}x${stream.height}` : `${stream.codec_name} ${stream.channels}`;
  const expected = isVideo ? `${rendition.codec} ${rendition.width}x${rendition.height}` : `${rendition.codec} ${rendition.channels}`;
  return found === expected ? undefined : `ffprobe reads ${found}, not ${expected}`;
}

function missingEnd({ segments, timescale }: RenditionFacts, { frames }: OutputReport): string | undefined {
  const times = frames.flatMap(({ best_effort_timestamp_time: time }) => time ?? []);
  if (times.length === 0) return "not one frame can be decoded";
  const lastStart = (segments.at(-1)?.startTicks ?? 0) / timescale;
  return Math.max(...times) >= lastStart - TIME_SLACK_SECONDS ? undefined : "nothing of the last segment can be decoded";
}
