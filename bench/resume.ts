/**
 * What a restart costs (RELIABILITY.md R-P8): one attempt from start to end, one that is killed at four fifths of its encode,
 * and the one after it, which must cost at most two fifths of the whole in processor time.
 * Usage: node bench/resume.ts [rounds=3] [seconds=120] [size=1280x720] [ladder=h264-fast]
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
import { claimTaker } from "../src/state/claims.ts";
import { openTools } from "../src/tools.ts";
import type { JobEvent } from "../src/pipeline/ports.ts";
import type { Measurement } from "./measure.ts";
import { measure, median } from "./measure.ts";

const MOST_SHARE = 0.4;
const KILLED_AT = 0.8;
const SIDES = ["whole", "killed", "resumed"] as const;
type Side = (typeof SIDES)[number];

/** The camera's picture with more noise, and keyframes too far apart to be copied. */
function makeClip(path: string, seconds: string, size: string): void {
  const picture = `gradients=s=${size}:r=30:speed=0.02:n=4,drawgrid=w=160:h=120:t=2:c=white@0.3,rotate=0.05*sin(t):c=gray,noise=alls=9:allf=t`;
  const inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "anoisesrc=c=pink:a=0.2"];
  const encode = ["-c:v", "libx264", "-preset", "ultrafast", "-b:v", "8M", "-g", "300", "-pix_fmt", "yuv420p", "-c:a", "aac"];
  execFileSync("ffmpeg", ["-v", "error", ...inputs, "-t", seconds, ...encode, path]);
}

/** One attempt in a process of its own, so that the parent can measure it; "killed" ends without a word. */
async function runOnce(side: Side, file: string, root: string): Promise<void> {
  const config = { ...loadConfig({ env: { ...process.env, LADDERD_WORK_DIR: join(root, "work") } }), earlyPublish: false };
  const { signal } = new AbortController();
  const lease = {
    visibilitySeconds: config.lease.visibilitySeconds,
    everySeconds: config.lease.extendSeconds,
    marginSeconds: config.lease.marginSeconds,
  };
  const deps = {
    sources: createFileSource(),
    published: createFolderStore(join(root, "out"), "clip/"),
    ladders: laddersInForce(config),
    settings: config,
    tools: await openTools(config, signal),
    takeClaim: claimTaker({ store: createFolderStore(join(root, "state"), ""), lease }),
    findKey: async () => Promise.reject(new Error("nothing is encrypted")),
    report: (event: JobEvent) => {
      if (side === "killed" && event.kind === "progress" && event.stage === "encode" && event.fraction >= KILLED_AT)
        process.kill(process.pid, "SIGKILL");
    },
  };
  const job = { id: "job", source: { bucket: "local", key: file }, assetPath: "clip" };
  await attemptJob(job, deps, { signal, checkLease: () => undefined, messageId: "message" });
}

async function compare([rounds = "3", seconds = "120", size = "1280x720", ladder = "h264-fast"]: readonly string[]): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), "ladderd-bench-"));
  const clip = join(root, "clip.mp4");
  process.env["LADDERD_LADDER"] = ladder;
  const run = async (side: Side): Promise<Measurement> => measure(process.execPath, [import.meta.filename, side, clip, root]);
  const forget = (): void => ["out", "state"].forEach((name) => rmSync(join(root, name), { recursive: true, force: true }));
  const shares: number[] = [];
  try {
    makeClip(clip, seconds, size);
    console.log(`${seconds} s of ${size} at 30 fps, ladder ${ladder}, ${availableParallelism()} cores, ${rounds} rounds`);
    for (let round = 1; round <= Number(rounds); round += 1) {
      const whole = await run("whole");
      forget();
      await run("killed").catch(() => undefined);
      const resumed = await run("resumed");
      forget();
      shares.push(resumed.cpuSeconds / whole.cpuSeconds);
      console.log(`round ${round}: whole ${whole.cpuSeconds.toFixed(1)} s cpu | after the kill ${resumed.cpuSeconds.toFixed(1)} s cpu`);
    }
    console.log(
      `after a kill at ${KILLED_AT}: ${median(shares).toFixed(3)} x CPU of a whole attempt; median of ${shares.length}, at most ${MOST_SHARE}`,
    );
    if (median(shares) > MOST_SHARE) process.exitCode = 1;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const [first = "", file = "", root = ""] = process.argv.slice(2);
const side = SIDES.find((name) => name === first);
await (side ? runOnce(side, file, root) : compare(process.argv.slice(2)));
