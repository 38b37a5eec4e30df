import { describe, expect, it } from "vitest";

import { ConfigError } from "../../../src/config/config-error.ts";
import { findProgram, requireFfmpeg } from "../../../src/config/programs.ts";

const ffmpeg = { path: "ffmpeg", probePath: process.execPath, minimumVersion: "5.1", threads: 0 };

describe("findProgram", () => {
  it("finds a name on the PATH and takes a path as it is", () => {
    expect(findProgram("sh", "/nowhere:/bin")).toBe("/bin/sh");
    expect(findProgram("/bin/sh", undefined)).toBe("/bin/sh");
  });

  it.each([
    ["a name that is nowhere", "no-such-program"],
    ["a folder", "/bin"],
    ["a file that cannot be run", import.meta.filename],
    ["a path that depends on where one stands", "./sh"],
  ])("does not take %s", (_, name) => {
    expect(findProgram(name, "/bin")).toBeUndefined();
  });
});

describe("requireFfmpeg", () => {
  it("says the line that installs it, for each program that is missing", () => {
    const require = (): void => requireFfmpeg({ ffmpeg });
    expect(require).toThrow(ConfigError);
    expect(require).toThrow(/ffmpeg\.path: .*apt-get install ffmpeg/);
    expect(require).not.toThrow(/ffmpeg\.probePath/);
  });

  it("is content with programs that can be run", () => {
    expect(() => requireFfmpeg({ ffmpeg: { ...ffmpeg, path: "/bin/sh" } })).not.toThrow();
  });
});
