/**
 * What cutting a source into chunks costs, and early publishing, interleaved in one go on one generated clip; the whole
 * pipeline each time:
 *   (one)    one ffmpeg with threads of its own choice
 *   (chunks) an ffmpeg of one thread for each chunk of five segments, one for each core at a time
 *   (early)  as (one), the smallest two rungs first and the rest as the next revision
 * Usage: node bench/chunks.ts [rounds=5] [seconds=120] [size=1280x720] [ladder=h264-fast]
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { laddersInForce } from "../src/config/ladders.ts";
import { loadConfig } from "../src/config/load.ts";
import { attemptJob } from "../src/pipeline/attempt.ts";
import { createFileSource } from "../src/pipeline/file-source.ts";
import { createFolderStore } from "../src/publish/folder-store.ts";
import { unshared } from "../src/state/claims.ts";
import { openTools } from "../src/tools.ts";
import type { Measurement } from "./measure.ts";
import { measure, median } from "./measure.ts";

const SIDES = ["one", "chunks", "early"] as const;
type Side = (typeof SIDES)[number];
/** More than one ffmpeg, for the same pictures, in processor time. */
const MOST_CPU = 1.05;

/** The camera's picture with more noise, and keyframes too far apart to be copied. */
function makeClip(path: string, seconds: string, size: string): void {
  const picture = `gradients=s=${size}:r=30:speed=0.02:n=4,drawgrid=w=160:h=120:t=2:c=white@0.3,rotate=0.05*sin(t):c=gray,noise=alls=9:allf=t`;
  const inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "anoisesrc=c=pink:a=0.2"];
  const encode = ["-c:v", "libx264", "-preset", "veryfast", "-b:v", "8M", "-g", "300", "-pix_fmt", "yuv420p", "-c:a", "aac"];
  execFileSync("ffmpeg", ["-v", "error", ...inputs, "-t", seconds, ...encode, path]);
}

/** One job in a process of its own, so that the parent can measure it. */
async function runOnce(side: Side, file: string, outDir: string): Promise<void> {
  const loaded = loadConfig({ env: process.env });
  const chunkAboveCores = side === "chunks" ? 0 : Number.MAX_SAFE_INTEGER;
  // Fitting the ladder to the content would leave the sides with other renditions.
  const config = { ...loaded, perTitle: false, earlyPublish: side === "early", encode: { ...loaded.encode, chunkAboveCores } };
  const { signal } = new AbortController();
  const deps = {
    sources: createFileSource(),
    published: createFolderStore(outDir, "clip/"),
    ladders: laddersInForce(config),
    settings: config,
    tools: await openTools(config, signal),
    takeClaim: unshared,
    findKey: async () => Promise.reject(new Error("nothing is encrypted")),
    report: () => undefined,
  };
  const job = { id: side, source: { bucket: "local", key: file }, assetPath: "clip" };
  await attemptJob(job, deps, { signal, checkLease: () => undefined, messageId: side });
}

async function compare([rounds = "5", seconds = "120", size = "1280x720", ladder = "h264-fast"]: readonly string[]): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), "ladderd-bench-"));
  const clip = join(root, "clip.mp4");
  process.env["LADDERD_LADDER"] = ladder;
  const run = async (side: Side): Promise<Measurement> => {
    const out = join(root, side);
    rmSync(out, { recursive: true, force: true });
    return measure(process.execPath, [import.meta.filename, side, clip, out]);
  };
  const rows: Record<Side, Measurement>[] = [];
  try {
    makeClip(clip, seconds, size);
    console.log(`${seconds} s of ${size} at 30 fps, ladder ${ladder}, ${availableParallelism()} cores, ${rounds} rounds`);
    for (let round = 1; round <= Number(rounds); round += 1) {
      const row = { one: await run("one"), chunks: await run("chunks"), early: await run("early") };
      rows.push(row);
      const shown = SIDES.map((side) => `${side} ${row[side].wallSeconds.toFixed(1)} s wall, ${row[side].cpuSeconds.toFixed(1)} s cpu`);
      console.log(`round ${round}: ${shown.join(" | ")}`);
    }
    const ratio = (side: Side, pick: (measured: Measurement) => number): number =>
      median(rows.map((row) => pick(row[side]) / pick(row.one)));
    const figures = (side: Side): string =>
      `${side} ${ratio(side, ({ cpuSeconds }) => cpuSeconds).toFixed(3)} x CPU, ${ratio(side, ({ wallSeconds }) => wallSeconds).toFixed(3)} x wall, ${ratio(side, ({ peakBytes }) => peakBytes).toFixed(2)} x memory`;
    console.log(`${figures("chunks")}; ${figures("early")}; median of ${rows.length}, chunks at most ${MOST_CPU} x CPU`);
    if (ratio("chunks", ({ cpuSeconds }) => cpuSeconds) > MOST_CPU) process.exitCode = 1;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const [first = "", file = "", outDir = ""] = process.argv.slice(2);
const side = SIDES.find((name) => name === first);
await (side ? runOnce(side, file, outDir) : compare(process.argv.slice(2)));
