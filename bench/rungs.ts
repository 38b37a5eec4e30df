/**
 * Processor seconds for a second of video, by rung and for the whole pipeline, on generated clips; what the simulation of
 * the fleet and docs/scale.md count with:
 *   decode, audio   of the clip by itself
 *   each rung       one ffmpeg with this rendition alone, less the decode
 *   pipeline        `ladderd transcode` of two lengths of 1080p: what a second adds, and what a job costs whatever its length
 * Usage: node bench/rungs.ts [seconds=8] [--json FILE]: writes FILE after every measurement, and leaves out what it has already
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { loadLadders } from "../src/config/ladders.ts";
import { loadConfig } from "../src/config/load.ts";
import type { EncodePlan, VideoRendition } from "../src/domain/encode-plan.ts";
import type { Ladder } from "../src/domain/ladder.ts";
import { planEncode } from "../src/domain/plan-encode.ts";
import { compile } from "../src/engines/ffmpeg/compile.ts";
import { probeSource } from "../src/media/probe-source.ts";
import { NO_FENCES } from "../src/process/sandbox.ts";
import { makeCameraClip } from "./camera-clip.ts";
import type { Measurement } from "./measure.ts";
import { measure } from "./measure.ts";

const SIZES = { "2160": "3840x2160", "1080": "1920x1080" };
/** A second of 2160p is as much work as four of 1080p. */
const SHORTER_AT_2160 = 2;
/** Other work on the machine only ever adds to what is measured: the least of the rounds counts. */
const ROUNDS = 3;
const PIPELINE_LADDER = "h264";

const { values, positionals } = parseArgs({ options: { json: { type: "string" } }, allowPositionals: true });
const seconds = Number(positionals[0] ?? "8");
// The renditions are those of the ladder's file: what the content deserves is the matter of bench/per-title.ts.
process.env["LADDERD_PER_TITLE"] = "false";
const root = mkdtempSync(join(tmpdir(), "ladderd-bench-"));
const { limits, ffmpeg } = loadConfig({ env: process.env });
const main = join(import.meta.dirname, "../src/main.ts");
const ladders = [...loadLadders().values()];

interface Clip {
  readonly path: string;
  readonly seconds: number;
}

function makeClip(size: string, lengthSeconds: number): Clip {
  const path = join(root, `${size}-${lengthSeconds}.mp4`);
  if (!existsSync(path)) makeCameraClip(path, String(lengthSeconds), size);
  return { path, seconds: lengthSeconds };
}

async function planOf(clip: Clip, ladder: Ladder): Promise<EncodePlan> {
  const tools = { ffmpegPath: ffmpeg.path, ffprobePath: ffmpeg.probePath, limits, sandbox: NO_FENCES };
  return planEncode(await probeSource(clip.path, tools, new AbortController().signal), ladder);
}

/** The round with the least processor time. */
async function least(command: string, args: readonly string[]): Promise<Measurement> {
  const rounds: Measurement[] = [];
  for (let done = 0; done < ROUNDS; done += 1) rounds.push(await measure(command, args));
  return rounds.reduce((best, one) => (one.cpuSeconds < best.cpuSeconds ? one : best));
}

/** Of one ffmpeg with this part of the plan. */
async function encodeCost(clip: Clip, part: EncodePlan): Promise<number> {
  const folder = join(root, "out");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const argv = compile({ plan: part, sourcePath: clip.path, pipeOf: (id) => join(folder, `${id}.mp4`), limits, threads: ffmpeg.threads });
  return (await least(ffmpeg.path, [...argv])).cpuSeconds / clip.seconds;
}

async function decodeCost(clip: Clip): Promise<number> {
  const argv = ["-v", "error", "-nostdin", "-i", clip.path, "-map", "0:v", "-f", "null", "-"];
  return round((await least(ffmpeg.path, argv)).cpuSeconds / clip.seconds);
}

const nameOf = (rendition: VideoRendition): string => `${rendition.codec} ${rendition.preset} crf ${rendition.crf}`;
const shortSideOf = (rendition: VideoRendition): number => Math.min(rendition.width, rendition.height);
const round = (value: number): number => Number(value.toFixed(3));

const costs = z.record(z.string(), z.number());
const resultSchema = z.object({
  machine: z.object({ cpu: z.string(), cores: z.number(), architecture: z.string() }),
  clip: z.string(),
  decode: costs,
  audio: z.number().optional(),
  rungs: z.record(z.string(), costs),
  pipeline: z.record(z.string(), z.object({ perSecond: z.number(), perJob: z.number() })),
});
type Result = z.infer<typeof resultSchema>;

const machine = { cpu: cpus()[0]?.model ?? "unknown", cores: availableParallelism(), architecture: process.arch };

/** What was measured so far. */
function earlier(): Result {
  if (values.json !== undefined && existsSync(values.json)) return resultSchema.parse(JSON.parse(readFileSync(values.json, "utf8")));
  return { machine, clip: `generated, 30 fps, ${seconds} s`, decode: {}, rungs: {}, pipeline: {} };
}

const result = earlier();

interface Wanted<T> {
  readonly known: T | undefined;
  readonly what: string;
  readonly measureIt: () => Promise<T>;
  readonly keep: (value: T) => void;
}

/** Measures unless it is there already. */
async function fill<T>({ known, what, measureIt, keep }: Wanted<T>): Promise<T> {
  if (known !== undefined) return known;
  const value = await measureIt();
  keep(value);
  console.log(`${what.padEnd(32)} ${JSON.stringify(value)}`);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
  return value;
}

/** Each rendition of these sizes, once for all ladders that have it. */
async function rungCosts(size: keyof typeof SIZES, clip: Clip): Promise<void> {
  const decode = await fill({
    known: result.decode[size],
    what: `decode of ${size}p`,
    measureIt: () => decodeCost(clip),
    keep: (value) => (result.decode[size] = value),
  });
  for (const ladder of ladders) {
    const plan = await planOf(clip, ladder);
    for (const rendition of plan.video.filter((one) => shortSideOf(one) > 1080 === (size === "2160"))) {
      const rungs = (result.rungs[nameOf(rendition)] ??= {});
      const side = String(shortSideOf(rendition));
      await fill({
        known: rungs[side],
        what: `${nameOf(rendition)} ${side}p`,
        measureIt: async () => round((await encodeCost(clip, { ...plan, video: [rendition], audio: [] })) - decode),
        keep: (value) => (rungs[side] = value),
      });
    }
  }
}

async function audioCost(clip: Clip): Promise<number> {
  const [ladder] = ladders;
  if (!ladder) throw new Error("there are no ladders");
  return round(await encodeCost(clip, { ...(await planOf(clip, ladder)), video: [] }));
}

/** `ladderd transcode` says that a file is published already, so each round has a folder of its own. */
async function transcode(clip: Clip, ladder: string): Promise<Measurement> {
  const script = 'rm -rf "$1" && exec "$2" "$3" transcode "$4" --out "$1" --ladder "$5"';
  return least("bash", ["-c", script, "bash", join(root, "whole"), process.execPath, main, clip.path, ladder]);
}

/** The line through two lengths, far apart so that the noise of either moves it little. */
async function pipelineCost(ladder: string): Promise<Result["pipeline"][string]> {
  const [short, long] = [makeClip(SIZES["1080"], seconds / 3), makeClip(SIZES["1080"], 3 * seconds)];
  const [a, b] = [await transcode(short, ladder), await transcode(long, ladder)];
  const perSecond = (b.cpuSeconds - a.cpuSeconds) / (long.seconds - short.seconds);
  return { perSecond: round(perSecond), perJob: round(a.cpuSeconds - perSecond * short.seconds) };
}

try {
  await fill({
    known: result.pipeline[PIPELINE_LADDER],
    what: `pipeline of ${PIPELINE_LADDER}`,
    measureIt: () => pipelineCost(PIPELINE_LADDER),
    keep: (value) => (result.pipeline[PIPELINE_LADDER] = value),
  });
  const hd = makeClip(SIZES["1080"], seconds);
  await rungCosts("1080", hd);
  await fill({ known: result.audio, what: "sound", measureIt: () => audioCost(hd), keep: (value) => (result.audio = value) });
  await rungCosts("2160", makeClip(SIZES["2160"], seconds / SHORTER_AT_2160));
} finally {
  rmSync(root, { recursive: true, force: true });
}
