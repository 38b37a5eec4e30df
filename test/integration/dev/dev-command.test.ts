import type { ChildProcess } from "node:child_process";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const MAIN = new URL("../../../src/main.ts", import.meta.url).pathname;
let root = "";
let clip = "";

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ladderd-devtest-"));
  await mkdir(join(root, "tmp"));
  clip = join(root, "clip.mp4");
  const source = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30:duration=4", "-pix_fmt", "yuv420p"];
  await promisify(execFile)("ffmpeg", ["-v", "error", ...source, clip]);
});
afterAll(() => rm(root, { recursive: true, force: true }));

interface Running {
  readonly child: ChildProcess;
  output(): string;
  /** The exit code. */
  readonly exit: Promise<number | null>;
}

function dev(...args: readonly string[]): Running {
  const child = spawn(process.execPath, [MAIN, "dev", "--port", "0", ...args], {
    // With a temporary folder of its own, so that what it leaves is seen.
    env: { ...process.env, TMPDIR: join(root, "tmp"), NODE_ENV: "development", AWS_PROFILE: "not-there" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const exit = once(child, "close").then(([code]: unknown[]) => (typeof code === "number" ? code : null));
  return { child, output: () => output, exit };
}

/** Processes whose command line names our temporary folder: fauxqs and whatever works on media. */
async function left(): Promise<readonly string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return [...lines.filter((line) => line.includes(join(root, "tmp"))), ...(await readdir(join(root, "tmp")))];
}

describe("ladderd dev", () => {
  it("publishes files under distinct names, keeps what it published and leaves nothing else", async () => {
    const other = join(root, "clip.mov");
    await copyFile(clip, other);
    const run = dev("--once", "--ladder", "h264-fast", "--keep", join(root, "kept"), clip, other);
    expect(await run.exit).toBe(0);
    expect(run.output()).toMatch(/clip\.mp4: published in .*\n {2}HLS {5}http:\/\/127\.0\.0\.1:\d+\/clip\/index\.m3u8\n {2}DASH/);
    expect(run.output()).toContain("as clip-2.mov, because");
    expect((await readdir(join(root, "kept"))).toSorted()).toEqual(["clip", "clip-2"]);
    const playlist = await readFile(join(root, "kept", "clip", "index.m3u8"), "utf8");
    const uri = playlist.split("\n").find((line) => line.startsWith("r/")) ?? "none";
    expect(await readFile(join(root, "kept", "clip", decodeURIComponent(uri)), "utf8")).toContain("#EXT-X-ENDLIST");
    expect(await left()).toEqual([]);
  });

  it("ends with 1, code and reason when a file is rejected", async () => {
    const bad = join(root, "bad.mp4");
    await writeFile(bad, "no media");
    const run = dev("--once", bad);
    expect(await run.exit).toBe(1);
    expect(run.output()).toMatch(/✗ bad\.mp4: rejected \(source_not_media: .+\)/);
    expect(await left()).toEqual([]);
  });

  it("names a missing file before anything starts", async () => {
    const run = dev(clip, "missing.mp4");
    expect(await run.exit).toBe(64);
    expect(run.output()).toBe("ladderd: missing.mp4: there is no such file\n");
  });

  it.each([
    ["SIGINT", "while it waits for uploads", /clip\.mp4: published/],
    ["SIGTERM", "in the middle of a job", /clip\.mp4: (?:encode|verify)/],
  ] as const)("ends on %s %s, soon, with 0 and without a trace", async (signal, _when, moment) => {
    const run = dev(clip);
    await expect.poll(run.output, { timeout: 60_000, interval: 20 }).toMatch(moment);
    const asked = performance.now();
    run.child.kill(signal);
    expect(await run.exit).toBe(0);
    // 2 s on a machine of its own; tests share theirs.
    expect(performance.now() - asked).toBeLessThan(5_000);
    expect(await left()).toEqual([]);
  });

  it("leaves no process when it is killed", async () => {
    const run = dev(clip);
    await expect.poll(run.output, { timeout: 60_000, interval: 20 }).toMatch(/clip\.mp4: encode/);
    // A kill that meets bwrap while it builds a fence leaves it (RELIABILITY.md, fault 5): the next worker ends it, and dev has none.
    await sleep(400);
    run.child.kill("SIGKILL");
    await run.exit;
    const running = async (): Promise<number> => (await left()).filter((line) => line.includes("\0")).length;
    await expect.poll(running, { timeout: 5_000 }).toBe(0);
    await rm(join(root, "tmp"), { recursive: true, force: true });
    await mkdir(join(root, "tmp"));
  });
});
