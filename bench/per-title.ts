/**
 * What fitting the ladder to its content saves, on three kinds of clips in one go: the configured ladder and the fitted one
 * are encoded from the same clip, and compared by the SSIM of what a player shows. A player of a given height takes the
 * smallest rendition that fills it (the largest when none does), scaled to that height by bicubic.
 * Usage: node bench/per-title.ts [seconds=10] [ladder=h264] [kinds=screen,grain,motion] [folder]
 * With a folder its screen.mkv, grain.mkv and motion.mkv are taken as they are.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { laddersInForce } from "../src/config/ladders.ts";
import { loadConfig } from "../src/config/load.ts";
import type { EncodePlan, VideoRendition } from "../src/domain/encode-plan.ts";
import type { Source } from "../src/domain/source.ts";
import { compile } from "../src/engines/ffmpeg/compile.ts";
import { probeSource } from "../src/media/probe-source.ts";
import { planSource } from "../src/pipeline/plan-stage.ts";
import type { ClipKind } from "./content-clips.ts";
import { CLIP_KINDS, makeContentClip } from "./content-clips.ts";
import { measure } from "./measure.ts";
import { NO_FENCES } from "../src/process/sandbox.ts";

const [seconds = "10", ladderName = "h264", kinds = Object.keys(CLIP_KINDS).join(","), given] = process.argv.slice(2);
const HEIGHTS = [1080, 480] as const;
const { limits, ffmpeg } = loadConfig({ env: process.env });
const { signal } = new AbortController();
const tools = {
  ffmpegPath: ffmpeg.path,
  ffprobePath: ffmpeg.probePath,
  threads: ffmpeg.threads,
  sandbox: NO_FENCES,
};

interface Encoded {
  readonly plan: EncodePlan;
  readonly bits: number;
  readonly cpuSeconds: number;
  /** By display height. */
  readonly shown: readonly { readonly rendition: VideoRendition; readonly ssim: number }[];
}

async function encode(plan: EncodePlan, clip: string, folder: string): Promise<Encoded> {
  mkdirSync(folder);
  const fileOf = (id: string): string => join(folder, `${id}.mp4`);
  const { cpuSeconds } = await measure(ffmpeg.path, [
    ...compile({ plan, sourcePath: clip, pipeOf: fileOf, limits, threads: ffmpeg.threads }),
  ]);
  const shown = HEIGHTS.map((height) => {
    const rendition = plan.video.find((entry) => entry.height >= height) ?? plan.video.at(-1);
    if (!rendition) throw new Error("the plan has no video");
    return { rendition, ssim: ssimAt(height, fileOf(rendition.id), clip) };
  });
  const bits = plan.video.reduce((sum, { id }) => sum + statSync(fileOf(id)).size * 8, 0);
  for (const { id } of plan.video) rates.set(`${folder}/${id}`, (statSync(fileOf(id)).size * 8) / plan.timeline.durationSeconds);
  return { plan, bits, cpuSeconds, shown };
}

const rates = new Map<string, number>();

function ssimAt(height: number, file: string, clip: string): number {
  const size = `scale=${2 * Math.round((height * 8) / 9)}:${height}:flags=bicubic`;
  const frames = "settb=1/30,setpts=N";
  const graph = `[0:v]${size},${frames}[shown];[1:v]${size},${frames}[wanted];[shown][wanted]ssim`;
  const { stderr } = spawnSync(ffmpeg.path, ["-hide_banner", "-nostats", "-i", file, "-i", clip, "-lavfi", graph, "-f", "null", "-"]);
  const all = /All:([\d.]+)/.exec(stderr.toString())?.[1];
  if (all === undefined) throw new Error(`no SSIM of ${file}: ${stderr.toString().slice(-500)}`);
  return Number(all);
}

const planFor = (source: Source, sourcePath: string, perTitle: boolean): Promise<EncodePlan> => {
  const ladder = laddersInForce({ perTitle }).get(ladderName);
  if (!ladder) throw new Error(`there is no ladder ${ladderName}`);
  return planSource({ source, ladder, sourcePath }, { tools, limits, signal });
};

const kilobits = (bps: number): string => `${Math.round(bps / 1000)}`;

function describe(name: string, { plan, bits, cpuSeconds, shown }: Encoded, folder: string): string {
  const rungs = plan.video.map(({ id }) => `${id} ${kilobits(rates.get(`${folder}/${id}`) ?? 0)}`).join(", ");
  const quality = shown.map(({ rendition, ssim }, index) => `SSIM at ${HEIGHTS[index]} ${ssim.toFixed(4)} (${rendition.id})`).join(", ");
  return `  ${name.padEnd(9)} ${(bits / 1e6).toFixed(2)} Mb in all; ${quality}; ${cpuSeconds.toFixed(1)} s cpu\n            kb/s: ${rungs}`;
}

async function compare(kind: ClipKind, root: string): Promise<void> {
  console.log(`${kind}: ${CLIP_KINDS[kind]}`);
  const clip = given === undefined ? makeContentClip(kind, Number(seconds), root) : join(given, `${kind}.mkv`);
  const source = await probeSource(clip, { ...tools, limits }, signal);
  const [fixedPlan, fittedPlan] = [await planFor(source, clip, false), await planFor(source, clip, true)];
  const fixed = await encode(fixedPlan, clip, join(root, `${kind}-fixed`));
  const fitted = await encode(fittedPlan, clip, join(root, `${kind}-fitted`));
  console.log(describe("fixed", fixed, join(root, `${kind}-fixed`)));
  console.log(describe("per-title", fitted, join(root, `${kind}-fitted`)));
  for (const { shortSide, reason } of fittedPlan.dropped.filter((entry) => entry.reason.startsWith("content")))
    console.log(`            not ${shortSide}: ${reason}`);
  const differences = fitted.shown.map(({ ssim }, index) => `${(ssim - (fixed.shown[index]?.ssim ?? 0)).toFixed(4)} at ${HEIGHTS[index]}`);
  console.log(`  saves     ${(100 * (1 - fitted.bits / fixed.bits)).toFixed(1)} % of the bits; SSIM ${differences.join(", ")}`);
  console.log(`            ${describeProbe(fittedPlan, fixed.cpuSeconds)}`);
}

function describeProbe({ content, timeline, estimate }: EncodePlan, fixedCpuSeconds: number): string {
  if (content.kind !== "measured") return "not measured";
  const gopFrames = (2 * timeline.frameRate.num) / timeline.frameRate.den;
  const cpuSeconds = content.cpuSecondsPerFrame * content.windowBps.length * gopFrames;
  const ofMinute = (content.cpuSecondsPerFrame * 4 * gopFrames) / ((fixedCpuSeconds / timeline.durationSeconds) * 60);
  const windows = content.windowBps.map(kilobits).join(", ");
  return (
    `probe: ${windows} kb/s, exponent ${content.sizeExponent.toFixed(2)}, SSIM ${content.ssim.toFixed(4)}, ${cpuSeconds.toFixed(2)} s cpu: ${(100 * ofMinute).toFixed(1)} % of a minute's encode; ` +
    `estimate ${estimate.cpuSeconds.toFixed(1)} s cpu, ${((estimate.bytes * 8) / 1e6).toFixed(2)} Mb`
  );
}

const root = mkdtempSync(join(tmpdir(), "ladderd-per-title-"));
console.log(
  `${seconds} s of 1920x1080 at 30 fps each, ladder ${ladderName}, ${execFileSync(ffmpeg.path, ["-version"]).toString().split("\n")[0]?.slice(0, 24)}`,
);
try {
  for (const kind of ["screen", "grain", "motion"] as const) if (kinds.split(",").includes(kind)) await compare(kind, root);
} finally {
  rmSync(root, { recursive: true, force: true });
}
