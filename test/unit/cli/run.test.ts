import { describe, expect, it } from "vitest";

import { exitCodeOf, explain } from "../../../src/cli/failure.ts";
import { parseS3Uri } from "../../../src/cli/open-source.ts";
import { columns, formatBitrate, formatBytes, formatDuration } from "../../../src/cli/print.ts";
import { HelpRequested, readArguments, UsageError } from "../../../src/cli/usage.ts";
import { ConfigError } from "../../../src/config/config-error.ts";
import { EngineError, InvalidJobError, ShutdownError, SourceError } from "../../../src/domain/errors.ts";

describe("exitCodeOf", () => {
  it.each<[unknown, number]>([
    [new HelpRequested("help"), 0],
    [new UsageError("what?"), 64],
    [new InvalidJobError("job_unknown_ladder", "no such ladder"), 64],
    [new SourceError("source_empty", "0 bytes"), 65],
    [new ConfigError(["queueUrl: missing"]), 78],
    [new EngineError("engine_failed", "no"), 1],
    [new ShutdownError("interrupted"), 1],
    [new Error("a bug"), 1],
    ["a string", 1],
  ])("of %s is %i", (error, code) => {
    expect(exitCodeOf(error)).toBe(code);
  });
});

describe("explain", () => {
  it("gives each problem of the configuration a line", () => {
    expect(explain(new ConfigError(["a: wrong", "b: wrong"]))).toEqual(["a: wrong", "b: wrong"]);
  });

  it("names the code of what the runbook knows", () => {
    expect(explain(new SourceError("source_codec", "magicyuv"))).toEqual(["the source is rejected (source_codec): magicyuv"]);
    expect(explain(new SourceError("source_not_found", "no asset is published at films/a"))).toEqual([
      "no asset is published at films/a (source_not_found)",
    ]);
    expect(explain(new EngineError("engine_failed", "exit 1"))).toEqual(["the job failed (engine_failed): exit 1"]);
  });

  it("shows where a bug is", () => {
    expect(explain(new Error("a bug"))[0]).toContain("run.test.ts");
  });
});

describe("readArguments", () => {
  const command = { usage: "try FILE [--json]", about: "Tries.", options: { json: { type: "boolean" } }, positionals: 1 } as const;

  it("takes options before and after the argument", () => {
    expect(readArguments(["--json", "a"], command)).toMatchObject({ values: { json: true }, positionals: ["a"] });
    expect(readArguments(["a", "--json"], command)).toMatchObject({ values: { json: true }, positionals: ["a"] });
    expect(readArguments(["--", "--json"], command)).toMatchObject({ positionals: ["--json"] });
  });

  it.each([[[]], [["a", "b"]], [["a", "--wrong"]], [["a", "--json=yes"]]])("refuses %j and says how it is used", (argv) => {
    expect(() => readArguments(argv, command)).toThrow(UsageError);
    expect(() => readArguments(argv, command)).toThrow("usage: ladderd try FILE [--json]");
  });

  it.each(["--help", "-h"])("answers %s with the help", (flag) => {
    expect(() => readArguments([flag], command)).toThrow(new HelpRequested("usage: ladderd try FILE [--json]\n\nTries.\n"));
  });
});

describe("parseS3Uri", () => {
  it("reads bucket and key, whatever the key holds", () => {
    expect(parseS3Uri("s3://uploads/a/b c%20+\n.mp4")).toEqual({ bucket: "uploads", key: "a/b c%20+\n.mp4" });
  });

  it("leaves files alone", () => {
    expect(parseS3Uri("./s3:/clip.mp4")).toBeUndefined();
  });

  it.each(["s3://", "s3://bucket", "s3://bucket/", "s3:///key"])("refuses %s", (uri) => {
    expect(() => parseS3Uri(uri)).toThrow(UsageError);
  });
});

describe("what people read", () => {
  it.each([
    [0, "0:00.0"],
    [59.96, "1:00.0"],
    [62.25, "1:02.3"],
    [3723.4, "1:02:03.4"],
  ])("%s s is %s", (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  it("has units that fit", () => {
    expect([formatBytes(900), formatBytes(12e6), formatBytes(1.5e9)]).toEqual(["0.9 kB", "12.0 MB", "1.5 GB"]);
    expect([formatBitrate(128_000), formatBitrate(1.4e6)]).toEqual(["128 kb/s", "1.4 Mb/s"]);
  });

  it("lines up in columns", () => {
    expect(
      columns([
        ["a", "b"],
        ["long", ""],
        ["x", "y"],
      ]),
    ).toEqual(["a     b", "long", "x     y"]);
  });
});
