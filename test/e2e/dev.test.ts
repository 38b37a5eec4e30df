import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { makeClip } from "../support/clips.ts";
import { namesIn } from "../support/close-cleanly.ts";
import { command } from "../support/command.ts";
import { decodeComplaints } from "../support/decode.ts";
import { clientSettings } from "../support/embedded-aws.ts";
import { ladderd, startLadderd } from "../support/ladderd.ts";
import { processesNaming, processesTouching } from "../support/processes.ts";
import { uploadFile } from "../support/site.ts";
import { until } from "../support/until.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const asset = z.looseObject({ revision: z.string(), durationSeconds: z.number(), ladder: z.string() });

let root = "";
let tmp = "";
const path = (...names: readonly string[]): string => join(root, ...names);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ladderd-e2e-dev-"));
  tmp = path("tmp");
  await mkdir(tmp);
  await makeClip(path("clip.mp4"), { size: "320x180", seconds: 2 });
  await writeFile(path("text.mp4"), "no film at all\n".repeat(500));
});

afterAll(async () => {
  // The default work folder stays, empty.
  const files = [...(await namesIn(tmp)).filter((name) => name !== "ladderd"), ...(await namesIn(join(tmp, "ladderd")))];
  const left = [...(await processesTouching(root)).map(({ commandLine }) => commandLine), ...files];
  await rm(root, { recursive: true, force: true });
  if (left.length > 0) throw new Error(`left behind:\n${left.join("\n")}`);
});

/** Fails unless the folder holds a stream that plays. */
async function expectStream(folder: string): Promise<void> {
  const { revision, durationSeconds, ladder } = asset.parse(JSON.parse(await readFile(join(folder, "asset.json"), "utf8")));
  expect({ durationSeconds, ladder }).toEqual({ durationSeconds: 2, ladder: "h264-fast" });
  for (const name of ["index.m3u8", "index.mpd"]) {
    expect(await readFile(join(folder, name), "utf8")).toContain(`r/${revision}/`);
    expect(await decodeComplaints(join(folder, name))).toBe("");
  }
}

describe("ladderd dev", () => {
  it("publishes a file once, keeps the stream, and ends with 0", async () => {
    const { exitCode, stdout, stderr } = await ladderd(
      ["dev", "--once", "--port", "0", "--ladder", "h264-fast", "--keep", path("kept"), path("clip.mp4")],
      tmp,
    );
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toMatch(/^player {2}http:\/\/127\.0\.0\.1:\d+\/$/m);
    expect(stdout).toMatch(/clip\.mp4: published/);
    expect(await readdir(path("kept"))).toEqual(["clip"]);
    await expectStream(path("kept/clip"));
    expect(await namesIn(tmp)).toEqual([]);
  });

  it("lets an embedded MediaConvert do the work with --engine, and keeps a stream like any other", async () => {
    const args = ["dev", "--once", "--port", "0", "--ladder", "h264-fast", "--engine", "mediaconvert", "--keep", path("remote")];
    const { exitCode, stdout, stderr } = await ladderd([...args, path("clip.mp4")], tmp);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toMatch(/^engine {2}mediaconvert \(embedded, http:\/\/127\.0\.0\.1:\d+\)$/m);
    expect(stdout).toContain("clip.mp4: the service works at it");
    expect(await readFile(path("remote/clip/asset.json"), "utf8")).toMatch(/"engine": ?"mediaconvert"/);
    await expectStream(path("remote/clip"));
    expect(await namesIn(tmp)).toEqual([]);
  });

  it("ends with 1 and says why when a file is rejected, also beside one that is published", async () => {
    const { exitCode, stdout } = await ladderd(
      ["dev", "--once", "--port", "0", "--ladder", "h264-fast", path("text.mp4"), path("clip.mp4")],
      tmp,
    );
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/text\.mp4: rejected \(source_not_media: \w/);
    expect(stdout).toMatch(/clip\.mp4: published/);
    expect(await namesIn(tmp)).toEqual([]);
  });

  it("does not keep a stream where a link leads out of the folder, and ends with 1", async () => {
    await mkdir(path("linked"));
    await mkdir(path("outside"));
    await symlink(path("outside"), path("linked/clip"));
    const args = ["dev", "--once", "--port", "0", "--ladder", "h264-fast", "--keep", path("linked"), path("clip.mp4")];
    const { exitCode, stdout } = await ladderd(args, tmp);
    expect(exitCode).toBe(1);
    expect(stdout).toContain("leads out of");
    expect(await namesIn(path("outside"))).toEqual([]);
  });

  it("keeps what comes under a hostile key inside its folder, and Ctrl-C in the middle of an encode leaves neither child nor file", async () => {
    await makeClip(path("long.mp4"), { size: "1280x720", seconds: 30 });
    const kept = path("deep/er/kept");
    await using dev = startLadderd(["dev", "--port", "0", "--ladder", "h264-fast", "--keep", kept, path("clip.mp4")], tmp);
    const endpoint = await until("it says where to upload", () => /--endpoint-url (\S+) /.exec(dev.stdout())?.[1]);
    const s3 = new S3Client({ ...clientSettings({ endpoint, env: {} }), forcePathStyle: true });
    await uploadFile({ s3 }, path("clip.mp4"), { key: "../../escaped.mp4" });
    for (const name of ["clip", "escaped"])
      await until(`${name} is published`, () => (new RegExp(`✓ .*${name}\\.mp4: published`).test(dev.stdout()) ? true : undefined));
    expect(await namesIn(path("deep"))).toEqual(["er"]);
    expect(await namesIn(path("deep/er"))).toEqual(["kept"]);
    expect((await namesIn(kept)).toSorted()).toEqual(["_", "clip"]);
    await expectStream(join(kept, "clip"));

    await uploadFile({ s3 }, path("long.mp4"), { key: "long.mp4" });
    s3.destroy();
    await until("the encode runs", async () => {
      const programs = await processesNaming(tmp);
      return programs.some(({ commandLine }) => commandLine.includes("libx264")) ? true : undefined;
    });
    const before = performance.now();
    dev.ctrlC();
    expect(await dev.exited).toEqual({ code: 0, signal: null });
    expect(performance.now() - before).toBeLessThan(5000);
    expect(await processesTouching(tmp)).toEqual([]);
    expect(await namesIn(tmp)).toEqual([]);
  });
});

describe("ladderd transcode", () => {
  const transcode = (file: string, ...args: readonly string[]) => ladderd(["transcode", file, "--ladder", "h264-fast", ...args], tmp);

  it("makes a stream that plays in the folder it is given, and ends with 0", async () => {
    const { exitCode, stdout } = await transcode(path("clip.mp4"), "--out", path("out"));
    expect(exitCode).toBe(0);
    expect(stdout).toContain("index.m3u8");
    await expectStream(path("out"));
  });

  it("ends with 65 for a source that is rejected, and the folder holds nothing new", async () => {
    await mkdir(path("untouched"));
    await writeFile(path("untouched/mine.txt"), "mine");
    for (const folder of ["untouched", "not-there"]) {
      const before = await namesIn(path(folder));
      const { exitCode, stderr } = await transcode(path("text.mp4"), "--out", path(folder));
      expect(exitCode).toBe(65);
      expect(stderr).toContain("(source_not_media)");
      expect(await namesIn(path(folder))).toEqual(before);
    }
  });

  it("ends with 64 when it is not told where to", async () => {
    const { exitCode, stderr } = await transcode(path("clip.mp4"));
    expect(exitCode).toBe(64);
    expect(stderr).toContain("--out DIR is missing");
  });
});

it("npx ladderd runs the checkout", async () => {
  const { version } = z.looseObject({ version: z.string() }).parse(JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")));
  const env = { ...process.env, npm_config_offline: "true", npm_config_update_notifier: "false" };
  const { exitCode, stdout } = await command("npx", ["ladderd", "--version"], { cwd: ROOT, env });
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `${version}\n` });
});
