import type { Content, ContentWindow, MeasuredContent } from "../domain/content.ts";
import { contentWindows, PROBE_CRF, PROBE_PRESET, PROBE_SHORT_SIDE } from "../domain/content.ts";
import type { EncodePlan, VideoRendition } from "../domain/encode-plan.ts";
import { toNumber } from "../domain/rational.ts";
import { padOf } from "../engines/ffmpeg/pads.ts";
import { videoChains } from "../engines/ffmpeg/video-filters.ts";
import { runCommand } from "../process/run-command.ts";
import { succeeded } from "../process/run-unit.ts";
import type { SandboxAbilities } from "../process/sandbox.ts";
import { sandboxed } from "../process/sandbox.ts";
import type { InputLimits } from "./input-guards.ts";
import { inputGuards, programGuards } from "./input-guards.ts";

export interface ContentTools {
  readonly ffmpegPath: string;
  readonly limits: InputLimits;
  readonly sandbox: SandboxAbilities;
  /** Encoder threads; 0 leaves it to the encoder. */
  readonly threads: number;
}

/** A window of a file that cannot seek is read for from the start: better an unfitted ladder than a long wait. */
const WINDOW_DEADLINE_MS = 30_000;
const CPU_SECONDS = 120;
/** Frames that a decoder gives late or twice around a cut. */
const SLACK_SECONDS = 0.5;

/**
 * Encodes a few windows of the source at a small size, through the filters of the whole encode, and measures what they cost
 * (MEDIA.md, "Knowing the content first"). Never fails a job: what cannot be measured is unknown. Throws the signal's reason.
 */
export async function probeContent(
  { plan, sourcePath }: { readonly plan: EncodePlan; readonly sourcePath: string },
  tools: ContentTools,
  signal: AbortSignal,
): Promise<Content> {
  const rendition = probeRendition(plan);
  if (!rendition) return { kind: "unknown", reason: "the source has no video" };
  const measured: WindowCost[] = [];
  for (const window of contentWindows(plan.timeline.durationSeconds)) {
    const cost = await costOf(
      windowPlan(plan, rendition, window),
      { sourcePath, startSeconds: windowStart(plan, window) },
      { tools, signal },
    );
    // One that ran into its deadline says that the others would, too.
    if (cost === "late") break;
    if (cost) measured.push(cost);
  }
  return measured.length > 0 ? summary(rendition, measured, plan) : { kind: "unknown", reason: "the content could not be measured" };
}

interface WindowCost {
  readonly frames: number;
  readonly bytes: number;
  readonly cpuSeconds: number;
}

function summary({ width, height }: VideoRendition, windows: readonly WindowCost[], { timeline }: EncodePlan): MeasuredContent {
  const fps = toNumber(timeline.frameRate);
  const [cpuSeconds, frames] = [
    windows.reduce((sum, cost) => sum + cost.cpuSeconds, 0),
    windows.reduce((sum, cost) => sum + cost.frames, 0),
  ];
  return {
    kind: "measured",
    width,
    height,
    windowBps: windows.map(({ bytes, frames: count }) => Math.round((bytes * 8 * fps) / count)),
    cpuSecondsPerFrame: cpuSeconds / frames,
  };
}

/** The largest rendition of the plan, scaled to the probe's size. */
function probeRendition({ video }: EncodePlan): VideoRendition | undefined {
  const top = video.at(-1);
  if (!top) return undefined;
  const scale = Math.min(1, PROBE_SHORT_SIDE / Math.min(top.width, top.height));
  const even = (side: number): number => Math.max(2, 2 * Math.round((side * scale) / 2));
  return { ...top, id: "probe", width: even(top.width), height: even(top.height) };
}

/** The window as a film of its own, which begins where ffmpeg is told to seek. */
function windowPlan(plan: EncodePlan, rendition: VideoRendition, { seconds }: ContentWindow): EncodePlan {
  const frameCount = Math.max(1, Math.round(seconds * toNumber(plan.timeline.frameRate)));
  return {
    ...plan,
    source: { ...plan.source, startSeconds: 0 },
    timeline: { ...plan.timeline, sourceStartSeconds: 0, durationSeconds: seconds, frameCount },
    video: [rendition],
    audio: [],
    text: [],
  };
}

/** ffmpeg counts a seek from the container's start. */
const windowStart = ({ source, timeline }: EncodePlan, window: ContentWindow): number =>
  Math.max(0, timeline.sourceStartSeconds - source.startSeconds + window.startSeconds);

interface Seek {
  readonly sourcePath: string;
  readonly startSeconds: number;
}

interface Run {
  readonly tools: ContentTools;
  readonly signal: AbortSignal;
}

async function costOf(plan: EncodePlan, seek: Seek, { tools, signal }: Run): Promise<WindowCost | "late" | undefined> {
  const packets = packetSizes();
  const command = sandboxed(
    { command: tools.ffmpegPath, args: windowArguments(plan, seek, tools) },
    { cpuSeconds: CPU_SECONDS },
    tools.sandbox,
  );
  const result = await runCommand({ ...command, signal, deadlineMs: WINDOW_DEADLINE_MS, onStdoutLine: packets.add });
  signal.throwIfAborted();
  if (result.ended === "deadline") return "late";
  const { frames, bytes } = packets.result();
  if (!succeeded(result) || frames === 0) return undefined;
  return { frames, bytes, cpuSeconds: cpuSecondsIn(result.stderrTail) ?? result.durationMs / 1000 };
}

function windowArguments(plan: EncodePlan, { sourcePath, startSeconds }: Seek, { limits, threads }: ContentTools): string[] {
  const { durationSeconds, frameCount } = plan.timeline;
  return [
    ...["-hide_banner", "-nostdin", "-nostats", "-v", "info", "-benchmark", ...programGuards(), ...inputGuards(limits)],
    ...["-ss", startSeconds.toFixed(6), "-t", (durationSeconds + SLACK_SECONDS).toFixed(6), "-an", "-sn", "-dn", "-i", sourcePath],
    ...["-filter_complex", videoChains(plan).join(";"), "-map", padOf("probe"), "-fps_mode", "passthrough"],
    ...["-c:v", "libx264", "-preset", PROBE_PRESET, "-crf", `${PROBE_CRF}`, "-pix_fmt", "yuv420p"],
    ...["-g", `${frameCount}`, "-keyint_min", `${frameCount}`, "-sc_threshold", "0", "-bf", "3"],
    ...(threads > 0 ? ["-threads", `${threads}`] : []),
    // x264's note about itself is 700 bytes: a tenth of a still window.
    ...["-bsf:v", "filter_units=remove_types=6", "-f", "framecrc", "pipe:1"],
  ];
}

/** Adds up framecrc's lines: stream, dts, pts, duration, size, checksum; one a packet. */
export function packetSizes(): { add(line: string): void; result(): { readonly frames: number; readonly bytes: number } } {
  let [frames, bytes] = [0, 0];
  return {
    add(line) {
      const size = /^\d+,(?:\s*-?\d+,){3}\s*(\d+),/.exec(line)?.[1];
      if (size === undefined) return;
      frames += 1;
      bytes += Number(size);
    },
    result: () => ({ frames, bytes }),
  };
}

/** What `-benchmark` says at the end: user and system time. */
function cpuSecondsIn(stderr: string): number | undefined {
  const [, user, system] = /bench: utime=([\d.]+)s stime=([\d.]+)s/.exec(stderr) ?? [];
  return user === undefined ? undefined : Number(user) + Number(system);
}
