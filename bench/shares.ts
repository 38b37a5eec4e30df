/**
 * What pictures and packaging cost beside the encode, on one generated clip:
 *   pictures    poster and storyboard of the whole pipeline, wall against its encode stage
 *   packaging   the packager over every finished rendition, processor time against a bare encode of them
 * Usage: node bench/shares.ts [rounds=3] [seconds=30] [ladder=h264-fast]
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { laddersInForce } from "../src/config/ladders.ts";
import { loadConfig } from "../src/config/load.ts";
import { planEncode } from "../src/domain/plan-encode.ts";
import { compile } from "../src/engines/ffmpeg/compile.ts";
import { probeSource } from "../src/media/probe-source.ts";
import { compilePackager } from "../src/packaging/compile.ts";
import type { Stage } from "../src/pipeline/ports.ts";
import { transcodeFile } from "../src/pipeline/transcode-file.ts";
import { measure, median } from "./measure.ts";
import { makeCameraClip } from "./camera-clip.ts";
import { NO_FENCES } from "../src/process/sandbox.ts";

const [rounds = "3", seconds = "30", ladderName = "h264-fast"] = process.argv.slice(2);
process.env["LADDERD_LADDER"] = ladderName;
process.env["LADDERD_PER_TITLE"] = "false";
const config = loadConfig({ env: process.env });
const ladders = laddersInForce(config);
const { signal } = new AbortController();
const root = mkdtempSync(join(tmpdir(), "ladderd-bench-"));
const clip = join(root, "clip.mp4");

async function picturesShare(): Promise<number> {
  const took = new Map<Stage, number>();
  const outDir = join(root, "whole");
  rmSync(outDir, { recursive: true, force: true });
  const request = { file: clip, outDir, config, signal };
  await transcodeFile({ ...request, onEvent: (event) => event.kind === "stage-ended" && took.set(event.stage, event.durationSeconds) });
  return (took.get("pictures") ?? Number.NaN) / (took.get("encode") ?? Number.NaN);
}

async function packagingShare(): Promise<number> {
  const ladder = ladders.get(ladderName);
  if (!ladder) throw new Error(`there is no ladder ${ladderName}`);
  const { ffmpeg, packager, limits } = config;
  const sandbox = NO_FENCES;
  const tools = { ffmpegPath: ffmpeg.path, ffprobePath: ffmpeg.probePath, limits, sandbox };
  const plan = planEncode(await probeSource(clip, tools, signal), ladder);
  const folder = join(root, "bare");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const fileOf = (id: string): string => join(folder, `${id}.mp4`);
  const encoded = await measure(ffmpeg.path, [...compile({ plan, sourcePath: clip, pipeOf: fileOf, limits, threads: ffmpeg.threads })]);
  const packaged = await measure(
    packager.path,
    compilePackager(plan, fileOf, (id) => join(folder, id)),
  );
  return packaged.cpuSeconds / encoded.cpuSeconds;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

try {
  makeCameraClip(clip, seconds);
  console.log(`${seconds} s of 1920x1080 at 30 fps, ladder ${ladderName}, ${rounds} rounds`);
  const shares: { pictures: number; packaging: number }[] = [];
  for (let round = 1; round <= Number(rounds); round += 1) {
    const row = { pictures: await picturesShare(), packaging: await packagingShare() };
    shares.push(row);
    console.log(`round ${round}: pictures ${percent(row.pictures)}, packaging ${percent(row.packaging)}`);
  }
  console.log(`pictures ${percent(median(shares.map(({ pictures }) => pictures)))} of the encode's wall (at most 2 %)`);
  console.log(`packaging ${percent(median(shares.map(({ packaging }) => packaging)))} of the encode's processor time (at most 2 %)`);
} finally {
  rmSync(root, { recursive: true, force: true });
}
