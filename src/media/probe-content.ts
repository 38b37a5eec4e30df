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
const WINDOW_DEADLINE_MS = 120_000;
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
  const pair = probePair(plan);
  if (!pair) return { kind: "unknown", reason: "the source has no video" };
  const measured: WindowCost[] = [];
  for (const window of contentWindows(plan.timeline.durationSeconds)) {
    const cost = await costOf(windowPlan(plan, pair, window), { sourcePath, startSeconds: windowStart(plan, window) }, { tools, signal });
    // One that ran into its deadline says that the others would, too.
    if (cost === "late") break;
    if (cost) measured.push(cost);
  }
  return measured.length > 0 ? summary(pair, measured, plan) : { kind: "unknown", reason: "the content could not be measured" };
}

interface WindowCost {
  readonly frames: number;
  readonly bytes: number;
  /** Of the same frames at half the size. */
  readonly smallBytes: number;
  readonly ssim: number;
  readonly cpuSeconds: number;
}

function summary([small, { width, height }]: Pair, windows: readonly WindowCost[], { timeline }: EncodePlan): MeasuredContent {
  const fps = toNumber(timeline.frameRate);
  const sum = (pick: (cost: WindowCost) => number): number => windows.reduce((total, cost) => total + pick(cost), 0);
  const pixels = (width * height) / (small.width * small.height);
  return {
    kind: "measured",
    width,
    height,
    windowBps: windows.map(({ bytes, frames }) => Math.round((bytes * 8 * fps) / frames)),
    sizeExponent: pixels > 1 ? Math.log(sum(({ bytes }) => bytes) / sum(({ smallBytes }) => smallBytes)) / Math.log(pixels) : 1,
    ssim: sum(({ ssim }) => ssim) / windows.length,
    cpuSecondsPerFrame: sum(({ cpuSeconds }) => cpuSeconds) / sum(({ frames }) => frames),
  };
}

/** Ascending, as in a plan. */
type Pair = readonly [small: VideoRendition, large: VideoRendition];

/** The largest rendition of the plan at the probe's size, and at half of it. */
function probePair({ video }: EncodePlan): Pair | undefined {
  const top = video.at(-1);
  if (!top) return undefined;
  const scaled = (id: string, shortSide: number): VideoRendition => {
    const scale = Math.min(1, shortSide / Math.min(top.width, top.height));
    const even = (side: number): number => Math.max(2, 2 * Math.round((side * scale) / 2));
    return { ...top, id, width: even(top.width), height: even(top.height) };
  };
  return [scaled("small", PROBE_SHORT_SIDE / 2), scaled("large", PROBE_SHORT_SIDE)];
}

/** The window as a film of its own, which begins where ffmpeg is told to seek. */
function windowPlan(plan: EncodePlan, pair: Pair, { seconds }: ContentWindow): EncodePlan {
  const frameCount = Math.max(1, Math.round(seconds * toNumber(plan.timeline.frameRate)));
  return {
    ...plan,
    source: { ...plan.source, startSeconds: 0 },
    timeline: { ...plan.timeline, sourceStartSeconds: 0, durationSeconds: seconds, frameCount },
    video: pair,
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
    { cpuSeconds: CPU_SECONDS, reads: [seek.sourcePath] },
    tools.sandbox,
  );
  const result = await runCommand({ ...command, signal, deadlineMs: WINDOW_DEADLINE_MS, onStdoutLine: packets.add });
  signal.throwIfAborted();
  if (result.ended === "deadline") return "late";
  const [large, small] = packets.result();
  const ssim = ssimIn(result.stderrTail);
  if (!succeeded(result) || !large || !small || ssim === undefined) return undefined;
  const cpuSeconds = cpuSecondsIn(result.stderrTail) ?? result.durationMs / 1000;
  return { frames: large.frames, bytes: large.bytes, smallBytes: small.bytes, ssim, cpuSeconds };
}

/** A window begins at the keyframe before it: decoding up to the exact time would cost more than the window. */
const fromFirstFrame = (graph: string): string => graph.replace(/^\[[^\]]+\]/, "$&setpts=PTS-STARTPTS,");

function windowArguments(plan: EncodePlan, { sourcePath, startSeconds }: Seek, { limits, threads }: ContentTools): string[] {
  const { durationSeconds, frameCount } = plan.timeline;
  return [
    ...["-hide_banner", "-nostdin", "-nostats", "-v", "info", "-benchmark", "-noautorotate", ...programGuards(), ...inputGuards(limits)],
    ...[
      "-noaccurate_seek",
      "-ss",
      startSeconds.toFixed(6),
      "-t",
      (durationSeconds + SLACK_SECONDS).toFixed(6),
      "-an",
      "-sn",
      "-dn",
      "-i",
      sourcePath,
    ],
    ...[
      "-filter_complex",
      fromFirstFrame(videoChains(plan).join(";")),
      ...plan.video.toReversed().flatMap(({ id }) => ["-map", padOf(id)]),
      "-fps_mode",
      "passthrough",
    ],
    ...["-c:v", "libx264", "-preset", PROBE_PRESET, "-crf", `${PROBE_CRF}`, "-pix_fmt", "yuv420p"],
    ...["-g", `${frameCount}`, "-keyint_min", `${frameCount}`, "-sc_threshold", "0", "-bf", "3", "-x264-params", "ssim=1"],
    ...(threads > 0 ? ["-threads", `${threads}`] : []),
    // x264's note about itself is 700 bytes: a tenth of a still window.
    ...["-bsf:v", "filter_units=remove_types=6", "-f", "framecrc", "pipe:1"],
  ];
}

export interface StreamSize {
  readonly frames: number;
  readonly bytes: number;
}

/** Adds up framecrc's lines (stream, dts, pts, duration, size, checksum; one a packet) for each stream, in their order. */
export function packetSizes(): { add(line: string): void; result(): readonly StreamSize[] } {
  const streams: { frames: number; bytes: number }[] = [];
  return {
    add(line) {
      const [, stream, size] = /^(\d+),(?:\s*-?\d+,){3}\s*(\d+),/.exec(line) ?? [];
      if (stream === undefined) return;
      const sizes = (streams[Number(stream)] ??= { frames: 0, bytes: 0 });
      sizes.frames += 1;
      sizes.bytes += Number(size);
    },
    result: () => streams,
  };
}

/** What `-benchmark` says at the end: user and system time. */
function cpuSecondsIn(stderr: string): number | undefined {
  const [, user, system] = /bench: utime=([\d.]+)s stime=([\d.]+)s/.exec(stderr) ?? [];
  return user === undefined ? undefined : Number(user) + Number(system);
}

/** What x264 says at the end of each stream; the large one is the first. */
function ssimIn(stderr: string): number | undefined {
  const mean = /SSIM Mean Y:([\d.]+)/.exec(stderr)?.[1];
  return mean === undefined ? undefined : Number(mean);
}
