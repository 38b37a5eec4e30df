import { describe, expect, test } from "vitest";
import { chooseSandbox, NO_FENCES, sandboxed } from "../../../src/process/sandbox.ts";

const ALL = { ownFiles: true, noNetwork: true, diesWithParent: true, limits: true };
const NONE = NO_FENCES;
const NO_FILES = { ...ALL, ownFiles: false };
const DEATH_SIGNAL = [
  "setpriv",
  "--pdeathsig",
  "KILL",
  "--no-new-privs",
  "--",
  "sh",
  "-c",
  'test "$PPID" = "$0" && exec "$@"',
  `${process.pid}`,
];

describe("sandboxed", () => {
  test("without bwrap puts limits outermost and the death signal next to the program", () => {
    expect(
      sandboxed({ command: "ffmpeg", args: ["-i", "x"], cwd: "/job" }, { cpuSeconds: 1.2, fileSizeBytes: 10, reads: [] }, NO_FILES),
    ).toStrictEqual({
      command: "prlimit",
      args: [
        ...["--core=0:0", "--nofile=1024:1024", "--data=8589934592:8589934592", "--cpu=2:4", "--fsize=10:10", "--"],
        ...["choom", "-n", "500", "--", "nice", "-n", "5", "--"],
        ...["unshare", "-rn", "--"],
        ...DEATH_SIGNAL,
        ...["ffmpeg", "-i", "x"],
      ],
      cwd: "/job",
    });
  });

  test("R-X3b: with bwrap the child is given what it names and a sealed root, and its capabilities are dropped", () => {
    const needs = { reads: ["/job/source.bin"], writes: ["/job/pipes"] };
    const { command, args, signalsAsCodes } = sandboxed({ command: "/opt/own/bin/ffmpeg", args: ["-i", "x"] }, needs, ALL);
    expect([command, ...args].join(" ")).toMatch(
      /^prlimit .* -- choom .* -- nice .* -- setpriv --pdeathsig KILL --no-new-privs -- sh -c .* \d+ bwrap --unshare-all /,
    );
    expect(args.join(" ")).toContain("--die-with-parent --cap-drop ALL --ro-bind /usr /usr ");
    expect(args.slice(args.indexOf("--remount-ro") - 12)).toStrictEqual([
      ...["--ro-bind", "/opt/own/bin/ffmpeg", "/opt/own/bin/ffmpeg", "--ro-bind-try", "/opt/own/lib", "/opt/own/lib"],
      ...["--bind", "/job/pipes", "/job/pipes", "--ro-bind", "/job/source.bin", "/job/source.bin"],
      ...["--remount-ro", "/", "--", "/opt/own/bin/ffmpeg", "-i", "x"],
    ]);
    expect(args).not.toContain("/proc");
    expect(args).not.toContain("unshare");
    expect(signalsAsCodes).toBe(true);
  });

  test("runs the program itself where no fence can be built", () => {
    expect(sandboxed({ command: "ffmpeg", args: ["-version"] }, { cpuSeconds: 5, reads: [] }, NONE)).toStrictEqual({
      command: "ffmpeg",
      args: ["-version"],
    });
  });

  test("never takes the program's name for an option of a fence", () => {
    const { args } = sandboxed({ command: "-x", args: [] }, { reads: [] }, { ...NONE, diesWithParent: true });
    expect(args).toStrictEqual([...DEATH_SIGNAL.slice(1), "-x"]);
  });
});

describe("chooseSandbox", () => {
  test("takes what is there and names what is missing", () => {
    expect(chooseSandbox("auto", { ...ALL, noNetwork: false })).toStrictEqual({
      abilities: { ...ALL, noNetwork: false },
      missing: ["unshare -rn (user namespaces)"],
    });
    expect(chooseSandbox("required", NONE).missing).toStrictEqual([
      "bwrap (apt-get install bubblewrap; it needs user namespaces)",
      "unshare -rn (user namespaces)",
      "setpriv (apt-get install util-linux)",
      "prlimit or choom (apt-get install util-linux)",
    ]);
  });

  test("auto goes on with what there is where namespaces are forbidden", () => {
    const forbidden = { ...ALL, ownFiles: false, noNetwork: false };
    const { abilities } = chooseSandbox("auto", forbidden);
    const { command, args, signalsAsCodes } = sandboxed({ command: "ffmpeg", args: ["-version"] }, { reads: [] }, abilities);
    const limits = "prlimit --core=0:0 --nofile=1024:1024 --data=8589934592:8589934592 -- choom -n 500 -- nice -n 5 --";
    expect([command, ...args].join(" ")).toBe([limits, ...DEATH_SIGNAL, "ffmpeg -version"].join(" "));
    expect(signalsAsCodes).toBeUndefined();
  });

  test("off leaves only the death signal, so that nothing outlives the worker", () => {
    expect(chooseSandbox("off", ALL)).toStrictEqual({ abilities: { ...NONE, diesWithParent: true }, missing: [] });
  });
});
