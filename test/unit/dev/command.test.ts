import { sep } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDevArguments, requireFiles } from "../../../src/cli/dev/arguments.ts";
import { embeddedEnvironment, enterEnvironment } from "../../../src/cli/dev/environment.ts";
import { keptPath, UnsafeKeyError } from "../../../src/cli/dev/keep.ts";
import { ended, greeting, uploading } from "../../../src/cli/dev/messages.ts";
import { acceptsGzip } from "../../../src/cli/dev/origin-object.ts";
import type { JobEnd } from "../../../src/cli/dev/results.ts";
import { createResults } from "../../../src/cli/dev/results.ts";
import { sampleArgs } from "../../../src/cli/sample.ts";
import { planUploads } from "../../../src/cli/dev/uploads.ts";
import { HelpRequested, UsageError } from "../../../src/cli/usage.ts";

const anEnd = (change: Partial<JobEnd> = {}): JobEnd => ({
  kind: "ended",
  jobId: "1",
  sourceKey: "a.mp4",
  outcome: "published",
  durationSeconds: 3.2,
  ...change,
});

describe("the arguments of dev", () => {
  it("are files and flags in any order", () => {
    expect(
      parseDevArguments(["a.mp4", "--once", "--keep", "out", "b.mp4", "--port=0", "--ladder", "h264", "--engine", "mediaconvert"]),
    ).toEqual({
      files: ["a.mp4", "b.mp4"],
      once: true,
      keepDir: "out",
      port: 0,
      ladder: "h264",
      engine: "mediaconvert",
    });
    expect(parseDevArguments([])).toEqual({ files: [], once: false });
    expect(parseDevArguments(["--", "--once", "-h"]).files).toEqual(["--once", "-h"]);
  });

  it.each([
    [["--port", "eighty"], "--port"],
    [["--port", "70000"], "--port"],
    [["--port", "-1"], "--port"],
    [["--keep"], "--keep"],
    [["--keep="], "--keep"],
    [["--engine", "gpu"], "--engine"],
    [["--frob"], "--frob"],
    [["--once=yes"], "--once"],
  ])("%j are refused in one line that names the flag", (argv, flag) => {
    expect(() => parseDevArguments(argv)).toThrow(UsageError);
    expect(() => parseDevArguments(argv)).toThrow(new RegExp(`^(?=.*${flag})[^\\n]+$`));
  });

  it("answer --help", () => {
    expect(() => parseDevArguments(["a.mp4", "--help"])).toThrow(HelpRequested);
  });

  it("name a file that is none", async () => {
    await expect(requireFiles(["package.json", "nowhere.mp4"])).rejects.toThrow("nowhere.mp4: there is no such file");
    await expect(requireFiles(["src"])).rejects.toThrow("src: is not a file");
    await expect(requireFiles(["package.json"])).resolves.toBeUndefined();
  });
});

describe("the keys of uploads", () => {
  it("are the base names, and another one for a file that would be published at a taken path", () => {
    expect(planUploads(["x/a.mp4", "a.mov", "y/a.mp4", "b.mp4"]).map(({ key, renamed }) => [key, renamed])).toEqual([
      ["a.mp4", false],
      ["a-2.mov", true],
      ["a-3.mp4", true],
      ["b.mp4", false],
    ]);
    expect(planUploads(["a.mp4", "a.mov", "a-2.mp4"]).map(({ key }) => key)).toEqual(["a.mp4", "a-3.mov", "a-2.mp4"]);
  });

  it("of subtitles are their names, which take no film's place", () => {
    const files = ["a.srt", "x/a.mp4", "a.sv.vtt", "a.mov"];
    expect(planUploads(files).map(({ key }) => key)).toEqual(["a.srt", "a.mp4", "a.sv.vtt", "a-2.mov"]);
  });

  it("are never published at the same path", () => {
    const name = fc.constantFrom("a.mp4", "a.mov", "a-2.mp4", "a-2", "a", ".a", "a-3.x", "b.mp4");
    fc.assert(
      fc.property(fc.array(name, { maxLength: 12 }), (files) => {
        const paths = planUploads(files).map(({ key }) => key.replace(/(?<=.)\.[^.]*$/, ""));
        expect(new Set(paths).size).toBe(files.length);
      }),
    );
  });
});

function kept(key: string): string {
  try {
    return keptPath("/keep/here", key);
  } catch (error) {
    return error instanceof UnsafeKeyError ? "refused" : String(error);
  }
}

describe("what is kept", () => {
  it("lies inside the folder, whatever the key", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("..", ".", "", "a", "b c", "é", "a\0", "..a"), { minLength: 1, maxLength: 6 }), (parts) => {
        const unsafe = parts.some((part) => part === "" || part === "." || part === ".." || part.includes("\0"));
        expect(kept(parts.join("/"))).toBe(unsafe ? "refused" : ["/keep/here", ...parts].join(sep));
      }),
    );
  });
});

describe("the environment of dev", () => {
  it("is the given one with the embedded AWS in force and without what leads elsewhere", () => {
    const env = {
      PATH: "/bin",
      AWS_PROFILE: "work",
      AWS_SESSION_TOKEN: "t",
      AWS_ENDPOINT_URL_S3: "https://s3",
      LADDERD_EVENTS_QUEUE_URL: "q",
      LADDERD_LADDER: "h264",
    };
    expect(embeddedEnvironment(env, { AWS_REGION: "us-east-1" })).toEqual({
      PATH: "/bin",
      LADDERD_LADDER: "h264",
      AWS_REGION: "us-east-1",
    });
  });

  it("is left as it was found", () => {
    const env: Record<string, string | undefined> = { A: "1", B: "2" };
    const leave = enterEnvironment(env, { B: "3", C: "4" });
    expect(env).toEqual({ B: "3", C: "4" });
    leave();
    expect(env).toEqual({ A: "1", B: "2" });
  });
});

describe("the results of --once", () => {
  it("are good when every upload is published or was already", async () => {
    const results = createResults(["a.mp4", "b.mp4", "b.sv.srt"]);
    results.record(anEnd({ outcome: "released" }));
    results.record(anEnd({ sourceKey: "other.mp4", outcome: "rejected" }));
    results.record(anEnd());
    results.record(anEnd({ sourceKey: "b.mp4", outcome: "duplicate" }));
    results.record(anEnd({ sourceKey: "b.sv.srt", outcome: "ignored" }));
    expect(await results.allPublished).toBe(true);
  });

  it.each(["rejected", "failed", "stale"] as const)("are bad when one upload is %s", async (outcome) => {
    const results = createResults(["a.mp4", "b.mp4"]);
    results.record(anEnd({ outcome }));
    results.record(anEnd({ outcome: "published" }));
    results.record(anEnd({ sourceKey: "b.mp4" }));
    expect(await results.allPublished).toBe(false);
  });

  it("are bad when something published could not be kept", async () => {
    const results = createResults(["a.mp4"]);
    results.record(anEnd(), "the disk is full");
    expect(await results.allPublished).toBe(false);
  });
});

describe("what dev says", () => {
  it("names the addresses of what is published, percent-encoded", () => {
    expect(ended(anEnd({ assetPath: "a/b c" }), "http://127.0.0.1:8080")).toEqual([
      "✓ a.mp4: published in 0:03.2",
      "  HLS     http://127.0.0.1:8080/a/b%20c/index.m3u8",
      "  DASH    http://127.0.0.1:8080/a/b%20c/index.mpd",
      "  player  http://127.0.0.1:8080/#a/b%20c",
    ]);
  });

  it("names code and reason of what is rejected, without control characters", () => {
    expect(ended(anEnd({ outcome: "rejected", code: "source_empty", reason: "0 bytes\u001B[2J" }), "")).toEqual([
      "✗ a.mp4: rejected (source_empty: 0 bytes?[2J)",
    ]);
  });

  it("says why a file gets another name", () => {
    expect(uploading({ path: "x/a.mov", key: "a-2.mov", renamed: true }, 2_000_000)).toBe(
      "a.mov: uploading 2.0 MB as a-2.mov, because another file is published under its name",
    );
  });

  it("tells how to upload", () => {
    const aws = { endpoint: "http://127.0.0.1:1", env: { AWS_REGION: "r", AWS_ACCESS_KEY_ID: "i", AWS_SECRET_ACCESS_KEY: "s" } };
    const lines = greeting({ aws, originUrl: "http://o", statusUrl: "http://w", uploadsBucket: "up" });
    expect(lines).toContain("player  http://o/");
    expect(lines.join("\n")).toContain("AWS_REGION=r aws --endpoint-url http://127.0.0.1:1 s3 cp FILE s3://up/");
  });
});

it("makes the sample of arguments alone, never of a shell", () => {
  const args = sampleArgs("/tmp/x y.mp4");
  expect(args.at(-1)).toBe("/tmp/x y.mp4");
  expect(args).toContain("testsrc2=size=1280x720:rate=30:duration=20");
});

it("reads Accept-Encoding by its weights", () => {
  const accepts = (value: string): boolean => acceptsGzip({ "accept-encoding": value });
  expect(["gzip", "br, GZIP;q=0.5", "*"].map(accepts)).toEqual([true, true, true]);
  expect(["", "br", "gzip;q=0", "gzip; q=0.00, br"].map(accepts)).toEqual([false, false, false, false]);
});
