import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

const MAIN = resolve(import.meta.dirname, "../../../src/main.ts");

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function ladderd(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const { PATH = "" } = process.env;
  const child = spawn(process.execPath, [MAIN, ...args], { env: { PATH, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const code = new Promise<number | null>((done) => child.once("close", done));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ladderd-cli-"));
  await writeFile(join(folder, "text.mp4"), "not a film at all\n".repeat(200));
  await writeFile(join(folder, "empty.mp4"), "");
});
afterAll(() => rm(folder, { recursive: true }));

describe("ladderd", () => {
  it.each([[["--help"]], [["help"]], [["probe", "--help"]], [["--version"]]])("answers %j on stdout", async (args) => {
    const { code, stdout, stderr } = await ladderd(args);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).not.toBe("");
  });

  it.each([
    [[], "usage: ladderd COMMAND"],
    [["prob"], "did you mean probe?"],
    [["probe"], "usage: ladderd probe"],
    [["probe", "a", "b"], "unexpected b"],
    [["plan", "--sideways", "a"], "--sideways"],
    [["transcode", "a.mp4"], "--out DIR is missing"],
    [["submit", "a.mp4", "--wait", "--timeout", "soon"], "--timeout"],
    [["probe", "s3://bucket"], "names no object"],
  ])("ends %j with 64 and says what was expected", async (args, said) => {
    const { code, stdout, stderr } = await ladderd(args);
    expect(code).toBe(64);
    expect(stdout + stderr).toContain(said);
  });

  it("lists the commands for one that it does not know", async () => {
    const { stderr } = await ladderd(["nonsense"]);
    for (const name of ["dev", "start", "transcode", "probe", "plan", "submit", "doctor"])
      expect(stderr).toMatch(new RegExp(`^ +${name} `, "m"));
  });

  it("bad input 68: ends with 78, one JSON line and one line a problem when it cannot start", async () => {
    const { code, stderr, stdout } = await ladderd(["start"], { LADDERD_QUEUE_URI: "x" });
    expect([code, stdout]).toEqual([78, ""]);
    const [json = "", ...lines] = stderr.trimEnd().split("\n");
    expect(JSON.parse(json)).toMatchObject({ level: "fatal", problems: [expect.stringContaining("LADDERD_QUEUE_URL")] });
    expect(lines).toEqual([expect.stringMatching(/^ladderd: LADDERD_QUEUE_URI: .*LADDERD_QUEUE_URL/)]);
  });

  it("prints the configuration it would start with", async () => {
    const { code, stdout } = await ladderd(["start", "--check-config"], {
      LADDERD_QUEUE_URL: "http://127.0.0.1:1/q",
      LADDERD_UPLOAD_BUCKETS: "uploads",
      LADDERD_PUBLISH_BUCKET: "published",
      LADDERD_STATE_BUCKET: "state",
      AWS_SECRET_ACCESS_KEY: "tops3cret",
    });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ uploadBuckets: ["uploads"], environment: "development" });
    expect(stdout).not.toContain("tops3cret");
  });

  it.each([["probe"], ["plan"]])("%s ends with 65 for what is no media", async (command) => {
    for (const [file, code] of [
      ["text.mp4", "source_not_media"],
      ["empty.mp4", "source_empty"],
      ["nowhere.mp4", "source_not_found"],
    ]) {
      const ended = await ladderd([command, join(folder, file ?? "")]);
      expect([file, ended.code, ended.stdout]).toEqual([file, 65, ""]);
      expect(ended.stderr).toContain(`(${code})`);
    }
  });

  it.each([
    ["probe", "x.mp4"],
    ["plan", "x.mp4"],
    ["transcode", "x.mp4", "--out", "nowhere"],
  ])("%s says the line that installs ffmpeg when it is missing", async (...args) => {
    const { code, stderr } = await ladderd(args, { PATH: "/nowhere" });
    expect(code).toBe(78);
    expect(stderr).toContain("apt-get install ffmpeg");
  });

  it("submit needs to know the bucket", async () => {
    const { code, stderr } = await ladderd(["submit", join(folder, "text.mp4")]);
    expect([code, stderr]).toEqual([78, "ladderd: uploadBuckets (LADDERD_UPLOAD_BUCKETS): is required to submit\n"]);
  });

  it("doctor gives each check a line, skips what is not configured and leaves the work folder empty", async () => {
    const workDir = join(folder, "work");
    const { stdout } = await ladderd(["doctor"], { LADDERD_WORK_DIR: workDir });
    for (const name of ["configuration", "ffmpeg", "ffprobe", "packager", "sandbox", "work folder"])
      expect(stdout).toMatch(new RegExp(`^[✓!] ${name} `, "m"));
    expect(stdout).toMatch(/^– queue +not configured$/m);
    expect(await readdir(workDir)).toEqual([]);
  });

  it("doctor ends with 78 and all problems when the configuration is wrong", async () => {
    const { code, stdout } = await ladderd(["doctor", "--json"], { LADDERD_CONCURRENCY: "none", LADDERD_LADDER: "none" });
    expect(code).toBe(78);
    expect(JSON.parse(stdout)).toEqual([
      { name: "configuration", status: "failed", detail: expect.stringContaining("LADDERD_CONCURRENCY") },
      { name: "configuration", status: "failed", detail: expect.stringContaining("ladder") },
    ]);
  });

  it("doctor ends with 1 when a dependency does not answer", async () => {
    const { code, stdout } = await ladderd(["doctor"], {
      LADDERD_QUEUE_URL: "http://127.0.0.1:9/000000000000/jobs",
      AWS_ENDPOINT_URL: "http://127.0.0.1:9",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      LADDERD_WORK_DIR: join(folder, "work"),
    });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^✗ queue .*ECONNREFUSED/m);
  });
});
