/**
 * What copying the largest rung saves, interleaved in one go on one generated source that meets every rule of its rung:
 *   (a) the whole pipeline with the source copied
 *   (b) the same with every rung encoded
 * Usage: node bench/pass-through.ts [pairs=3] [seconds=30] [ladder=h264]
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { loadLadders } from "../src/config/ladders.ts";
import { loadConfig } from "../src/config/load.ts";
import { transcodeFile } from "../src/pipeline/transcode-file.ts";
import type { Measurement } from "./measure.ts";
import { measure, median } from "./measure.ts";

const SIDES = ["copy", "encode"] as const;
type Side = (typeof SIDES)[number];
/** MEDIA.md, passing a rung through: 0.54 was measured. */
const MOST_CPU = 0.6;
const record = z.object({ renditions: z.array(z.object({ id: z.string(), copied: z.boolean().optional() })) });

/** 1080p below its cap in GOPs of two seconds, as a phone's or an editor's "web" export is. */
function makeClip(path: string, seconds: string): void {
  const picture = "testsrc2=s=1920x1080:r=30,noise=alls=6:allf=t";
  const inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "anoisesrc=c=pink:a=0.2"];
  const rate = ["-b:v", "4.8M", "-maxrate", "5M", "-bufsize", "5M", "-g", "60", "-keyint_min", "60", "-sc_threshold", "0"];
  const colour = ["-pix_fmt", "yuv420p", "-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709"];
  execFileSync("ffmpeg", ["-v", "error", ...inputs, "-t", seconds, "-c:v", "libx264", "-preset", "veryfast", ...rate, ...colour, path]);
}

/** One transcode in a process of its own, so that the parent can measure it. */
async function runOnce(side: Side, file: string, outDir: string): Promise<void> {
  const config = loadConfig({ env: process.env });
  const { signal } = new AbortController();
  // Fitting the ladder to the content would leave the two sides with other renditions.
  const changes = { passThrough: side === "copy", perTitle: false };
  const ladders = new Map([...loadLadders()].map(([name, ladder]) => [name, { ...ladder, ...changes }]));
  await transcodeFile({ file, outDir, config, signal, ladders });
}

async function compare([pairs = "3", seconds = "30", ladder = "h264"]: readonly string[]): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), "ladderd-bench-"));
  const clip = join(root, "clip.mp4");
  process.env["LADDERD_LADDER"] = ladder;
  const run = async (side: Side): Promise<Measurement> => {
    const out = join(root, side);
    rmSync(out, { recursive: true, force: true });
    const measured = await measure(process.execPath, [import.meta.filename, side, clip, out]);
    const { renditions } = record.parse(JSON.parse(readFileSync(join(out, "asset.json"), "utf8")));
    if (renditions.some(({ copied }) => copied) !== (side === "copy")) throw new Error(`${side}: not what was published`);
    return measured;
  };
  const rows: Record<Side, Measurement>[] = [];
  try {
    makeClip(clip, seconds);
    console.log(`${seconds} s of 1920x1080 at 30 fps, ladder ${ladder}, ${pairs} rounds`);
    for (let round = 1; round <= Number(pairs); round += 1) {
      const row = { copy: await run("copy"), encode: await run("encode") };
      rows.push(row);
      const shown = SIDES.map((side) => `${side} ${row[side].wallSeconds.toFixed(1)} s wall, ${row[side].cpuSeconds.toFixed(1)} s cpu`);
      console.log(`round ${round}: ${shown.join(" | ")}`);
    }
    const ratio = (pick: (side: Measurement) => number): number => median(rows.map(({ copy, encode }) => pick(copy) / pick(encode)));
    const [cpu, wall] = [ratio(({ cpuSeconds }) => cpuSeconds), ratio(({ wallSeconds }) => wallSeconds)];
    console.log(`pass-through ${cpu.toFixed(3)} x CPU, ${wall.toFixed(3)} x wall, median of ${rows.length}; at most ${MOST_CPU} x CPU`);
    if (cpu > MOST_CPU) process.exitCode = 1;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const [first = "", file = "", outDir = ""] = process.argv.slice(2);
const side = SIDES.find((name) => name === first);
await (side ? runOnce(side, file, outDir) : compare(process.argv.slice(2)));
