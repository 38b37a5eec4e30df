import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { runCommand } from "../../../src/process/run-command.ts";
import { startTestAws } from "../../support/embedded-aws.ts";

const MAIN = resolve(import.meta.dirname, "../../../src/main.ts");
const { PATH = "" } = process.env;

let folder = "";
let aws: Awaited<ReturnType<typeof startTestAws>>;
let env: Readonly<Record<string, string>> = {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ladderd-cli-"));
  aws = await startTestAws();
  env = { PATH, ...aws.env, LADDERD_WORK_DIR: join(folder, "work"), LADDERD_HTTP_PORT: "0", LADDERD_LADDER: "h264-fast" };
  await writeFile(join(folder, "text.mp4"), "not a film at all\n".repeat(200));
  const clip = ["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=2", "-pix_fmt", "yuv420p", join(folder, "clip.mp4")];
  await runCommand({ command: "ffmpeg", args: ["-v", "error", ...clip], signal: AbortSignal.timeout(60_000) });
});
afterAll(async () => {
  await aws.close();
  await rm(folder, { recursive: true });
});

const start = (args: readonly string[]): ChildProcess =>
  spawn(process.execPath, [MAIN, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });

async function ladderd(...args: readonly string[]): Promise<{ readonly code: unknown; readonly stdout: string; readonly stderr: string }> {
  const child = start(args);
  const closed = once(child, "close");
  const read = async (stream: ChildProcess["stdout"]): Promise<string> => (stream ? text(stream) : "");
  const [stdout, stderr] = await Promise.all([read(child.stdout), read(child.stderr)]);
  const [code]: unknown[] = await closed;
  return { code, stdout, stderr };
}

/** The daemon once its HTTP address answers ready. */
async function startDaemon(): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const child = start(["start"]);
  child.stderr?.resume();
  if (!child.stdout) throw new Error("no stdout");
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (url !== undefined && (await fetch(`${url}/readyz`)).ok) {
      child.stdout.resume();
      return { child, url };
    }
  }
  throw new Error("the daemon ended without having said where it listens");
}

describe("the commands against a queue and buckets", () => {
  it("doctor finds the queue and the buckets", async () => {
    const { code, stdout } = await ladderd("doctor");
    for (const name of ["queue", "upload bucket", "publish bucket", "state bucket"]) expect(stdout).toMatch(new RegExp(`^✓ ${name} `, "m"));
    expect(code).toBe(0);
  });

  it("submit --wait says what became of a film and of a text, and the daemon stops with 0 at the first signal", async () => {
    const { child, url } = await startDaemon();
    const exited = once(child, "exit");
    try {
      const film = await ladderd("submit", join(folder, "clip.mp4"), "--key", "films/clip.mp4", "--wait", "--timeout", "60", "--json");
      expect([film.code, film.stderr]).toEqual([0, ""]);
      expect(JSON.parse(film.stdout)).toMatchObject({
        uploaded: "s3://uploads/films/clip.mp4",
        published: "s3://published/films/clip/index.m3u8",
      });
      const again = await ladderd("probe", "s3://uploads/films/clip.mp4", "--json");
      expect([again.code, again.stderr]).toEqual([0, ""]);
      expect(JSON.parse(again.stdout)).toMatchObject({ video: { displayWidth: 320, displayHeight: 240 } });
      const refused = await ladderd("submit", join(folder, "text.mp4"), "--wait", "--timeout", "60");
      expect([refused.code, refused.stderr]).toEqual([65, expect.stringContaining("(source_not_media)")]);
      const metrics = await (await fetch(`${url}/metrics`)).text();
      expect(metrics).toContain('ladderd_messages_settled_total{outcome="published"} 1');
      expect(metrics).toContain('ladderd_messages_settled_total{outcome="rejected"} 1');
    } finally {
      child.kill("SIGTERM");
    }
    expect(await exited).toEqual([0, null]);
  });
});
