/**
 * What the worker costs beside plain ffmpeg, interleaved in one go on one generated clip:
 *   (a) ladderd transcode           the whole pipeline
 *   (b) one ffmpeg, same ladder     one decode, every rendition to an mp4 file, no packaging
 *   (c) one ffmpeg per rendition    in sequence, then package: what most peers do
 * Usage: node bench/ladder.ts [pairs=5] [seconds=30] [ladder=h264-fast]
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadLadders } from "../src/config/ladders.ts";
import { loadConfig } from "../src/config/load.ts";
import type { EncodePlan } from "../src/domain/encode-plan.ts";
import { planEncode } from "../src/domain/plan-encode.ts";
import { compile } from "../src/engines/ffmpeg/compile.ts";
import { probeSource } from "../src/media/probe-source.ts";
import { compilePackager } from "../src/packaging/compile.ts";
import type { Measurement } from "./measure.ts";
import { measure, median } from "./measure.ts";
import { makeCameraClip } from "./camera-clip.ts";
import { NO_FENCES } from "../src/process/sandbox.ts";

const [pairs = "5", seconds = "30", ladderName = "h264-fast"] = process.argv.slice(2);
// The same renditions on all sides: what the content deserves is the matter of bench/per-title.ts.
process.env["LADDERD_PER_TITLE"] = "false";
const root = mkdtempSync(join(tmpdir(), "ladderd-bench-"));
const clip = join(root, "clip.mp4");
const main = join(import.meta.dirname, "../src/main.ts");

async function readPlan(): Promise<EncodePlan> {
  const ladder = loadLadders().get(ladderName);
  if (!ladder) throw new Error(`there is no ladder ${ladderName}`);
  const { limits, ffmpeg } = loadConfig({ env: process.env });
  const sandbox = NO_FENCES;
  return planEncode(
    await probeSource(clip, { ffmpegPath: ffmpeg.path, ffprobePath: ffmpeg.probePath, limits, sandbox }, new AbortController().signal),
    ladder,
  );
}

const { limits, ffmpeg, packager } = loadConfig({ env: process.env });
makeCameraClip(clip, seconds);
const plan = await readPlan();
const out = (name: string): string => join(root, name);
const argv = (part: EncodePlan, folder: string): string[] => [
  ...compile({ plan: part, sourcePath: clip, pipeOf: (id) => join(folder, `${id}.mp4`), limits, threads: ffmpeg.threads }),
];

function fresh(name: string): string {
  rmSync(out(name), { recursive: true, force: true });
  mkdirSync(out(name));
  return out(name);
}

async function whole(): Promise<Measurement> {
  return measure(process.execPath, [main, "transcode", clip, "--out", fresh("a"), "--ladder", ladderName]);
}

async function bare(): Promise<Measurement> {
  return measure(ffmpeg.path, argv(plan, fresh("b")));
}

async function perRendition(): Promise<Measurement> {
  const folder = fresh("c");
  const parts = [...plan.video.map((rendition) => ({ ...plan, video: [rendition], audio: [] })), { ...plan, video: [], audio: plan.audio }];
  const steps: Measurement[] = [];
  for (const part of parts) steps.push(await measure(ffmpeg.path, argv(part, folder)));
  steps.push(
    await measure(
      packager.path,
      compilePackager(
        plan,
        (id) => join(folder, `${id}.mp4`),
        (id) => join(folder, id),
      ),
    ),
  );
  const sum = (pick: (step: Measurement) => number): number => steps.reduce((total, step) => total + pick(step), 0);
  return {
    wallSeconds: sum((step) => step.wallSeconds),
    cpuSeconds: sum((step) => step.cpuSeconds),
    peakBytes: Math.max(...steps.map((step) => step.peakBytes)),
  };
}

const rows: { a: Measurement; b: Measurement; c: Measurement }[] = [];
console.log(
  `${seconds} s of 1920x1080 at 30 fps, ladder ${ladderName}: ${plan.video.map(({ id }) => id).join(" ")} + ${plan.audio.length} audio, ${pairs} rounds`,
);
try {
  for (let round = 1; round <= Number(pairs); round += 1) {
    const row = { a: await whole(), b: await bare(), c: await perRendition() };
    rows.push(row);
    const shown = (["a", "b", "c"] as const).map(
      (side) =>
        `${side} ${row[side].wallSeconds.toFixed(1)} s wall, ${row[side].cpuSeconds.toFixed(1)} s cpu, ${(row[side].peakBytes / 1e6).toFixed(0)} MB`,
    );
    console.log(`round ${round}: ${shown.join(" | ")}`);
  }
  const figures = {
    wall: (m: Measurement) => m.wallSeconds,
    cpu: (m: Measurement) => m.cpuSeconds,
    memory: (m: Measurement) => m.peakBytes,
  };
  for (const [name, pick] of Object.entries(figures)) {
    const ratio = (top: "a" | "c", bottom: "a" | "b"): string => median(rows.map((row) => pick(row[top]) / pick(row[bottom]))).toFixed(3);
    console.log(`${name.padEnd(6)} (a)/(b) ${ratio("a", "b")}   (c)/(a) ${ratio("c", "a")}   median of ${rows.length}`);
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}
