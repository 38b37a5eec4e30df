import { describe, expect, test } from "vitest";
import { chooseSandbox, sandboxed } from "../../../src/process/sandbox.ts";

const ALL = { noNetwork: true, diesWithParent: true, limits: true };
const NONE = { noNetwork: false, diesWithParent: false, limits: false };

describe("sandboxed", () => {
  test("puts limits outermost and the death signal next to the program", () => {
    expect(sandboxed({ command: "ffmpeg", args: ["-i", "x"], cwd: "/job" }, { cpuSeconds: 1.2, fileSizeBytes: 10 }, ALL)).toStrictEqual({
      command: "prlimit",
      args: [
        ...["--core=0:0", "--nofile=1024:1024", "--cpu=2:2", "--fsize=10:10", "--"],
        ...["unshare", "-rn", "--"],
        ...["setpriv", "--pdeathsig", "KILL", "--no-new-privs", "--"],
        ...["ffmpeg", "-i", "x"],
      ],
      cwd: "/job",
    });
  });

  test("runs the program itself where no fence can be built", () => {
    expect(sandboxed({ command: "ffmpeg", args: ["-version"] }, { cpuSeconds: 5 }, NONE)).toStrictEqual({
      command: "ffmpeg",
      args: ["-version"],
    });
  });

  test("never takes the program's name for an option of a fence", () => {
    expect(sandboxed({ command: "-x", args: [] }, {}, { ...NONE, diesWithParent: true }).args.slice(-2)).toStrictEqual(["--", "-x"]);
  });
});

describe("chooseSandbox", () => {
  test("takes what is there and names what is missing", () => {
    expect(chooseSandbox("auto", { ...ALL, noNetwork: false })).toStrictEqual({
      abilities: { ...ALL, noNetwork: false },
      missing: ["unshare -rn"],
    });
    expect(chooseSandbox("required", NONE).missing).toStrictEqual(["unshare -rn", "setpriv", "prlimit"]);
  });

  test("off leaves only the death signal, so that nothing outlives the worker", () => {
    expect(chooseSandbox("off", ALL)).toStrictEqual({ abilities: { ...NONE, diesWithParent: true }, missing: [] });
  });
});
