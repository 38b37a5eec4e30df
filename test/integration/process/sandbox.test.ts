import { spawn } from "node:child_process";
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { createServer } from "node:net";
import { getPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { makePipes } from "../../../src/process/make-pipes.ts";
import { runCommand } from "../../../src/process/run-command.ts";
import { detectSandbox, sandboxed } from "../../../src/process/sandbox.ts";
import { command } from "../../support/command.ts";
import { childEnvironment, MAIN } from "../../support/daemon.ts";
import { processMark, processesWith } from "../../helpers/process-list.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";

const { signal } = new AbortController();
const abilities = await detectSandbox(signal);
const CONNECT = `require("node:net").connect(Number(process.argv[1]), "127.0.0.1").on("connect", () => process.exit(0)).on("error", () => process.exit(7))`;

async function aListener(): Promise<AsyncDisposable & { readonly port: number; readonly connections: () => number }> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new RangeError("no port");
  return {
    port: address.port,
    connections: () => connections,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, "close");
    },
  };
}

describe("detectSandbox", () => {
  test("answers for each fence, and by trying", () => {
    expect(Object.keys(abilities)).toStrictEqual(["ownFiles", "noNetwork", "diesWithParent", "limits"]);
    expect(Object.values(abilities).every((ability) => typeof ability === "boolean")).toBe(true);
  });
});

describe("a sandboxed child", () => {
  test.skipIf(!abilities.noNetwork).each([
    ["in a world of its own cannot reach a listener on this machine, which a bare one can", abilities],
    ["where there is no bwrap cannot reach a listener on this machine either", { ...abilities, ownFiles: false }],
  ])("%s", async (_where, fences) => {
    await using listener = await aListener();
    const connect = { command: process.execPath, args: ["-e", CONNECT, `${listener.port}`] };
    await expect(runCommand({ ...connect, signal })).resolves.toMatchObject({ exitCode: 0 });
    expect(listener.connections()).toBe(1);
    await expect(runCommand({ ...sandboxed(connect, { reads: [] }, fences), signal })).resolves.toMatchObject({ exitCode: 7 });
    expect(listener.connections()).toBe(1);
  });

  test.skipIf(!abilities.limits)("is stopped at its processor limit, and it is told as that", async () => {
    const spin = sandboxed({ command: "sh", args: ["-c", "while :; do :; done"] }, { cpuSeconds: 1, reads: [] }, abilities);
    await expect(runCommand({ ...spin, signal, deadlineMs: 20_000 })).resolves.toMatchObject({
      ended: "exit",
      exitCode: null,
      signal: "SIGXCPU",
    });
  });

  test.skipIf(!abilities.limits)("gets no more memory than its limit", async () => {
    const hold = (memoryBytes: number) => {
      const reader = { command: "dd", args: ["if=/dev/null", "of=/dev/null", "bs=200M", "count=1"] };
      return runCommand({ ...sandboxed(reader, { memoryBytes, reads: [] }, abilities), signal });
    };
    await expect(hold(400e6)).resolves.toMatchObject({ exitCode: 0 });
    await expect(hold(100e6)).resolves.toMatchObject({ exitCode: 1, stderrTail: expect.stringContaining("memory exhausted") });
  });

  test.skipIf(!abilities.limits)("gives way to the worker, where processors or memory run short", async () => {
    const ask = sandboxed(
      { command: "sh", args: ["-c", "nice; cat /proc/self/oom_score_adj"] },
      { reads: [] },
      { ...abilities, ownFiles: false },
    );
    await expect(runCommand({ ...ask, signal })).resolves.toMatchObject({ stdout: `${Math.min(19, getPriority() + 5)}\n500\n` });
  });

  test.skipIf(!abilities.limits)("is stopped at its file size limit", async () => {
    await using folder = await temporaryFolder();
    const path = folder.in("large");
    const write = sandboxed(
      { command: "dd", args: ["if=/dev/urandom", `of=${path}`, "bs=1024", "count=100"] },
      { fileSizeBytes: 10_240, reads: [], writes: [folder.path] },
      abilities,
    );
    const { exitCode, signal: died } = await runCommand({ ...write, signal });
    expect([exitCode, died]).toStrictEqual([null, "SIGXFSZ"]);
    expect((await stat(path)).size).toBeLessThanOrEqual(10_240);
  });

  test.skipIf(!abilities.diesWithParent).each([
    ["in a world of its own dies within two seconds with a parent that is killed", "with-bwrap"],
    ["where there is no bwrap dies within two seconds, too", "without-bwrap"],
  ])("%s", async (_where, mode) => {
    const mark = processMark();
    const entry = fileURLToPath(new URL("sandbox-parent-process.ts", import.meta.url));
    const parent = spawn(process.execPath, [entry, mark, mode], { stdio: ["ignore", "pipe", "ignore"] });
    // The child speaks: all of its fences stand.
    await once(parent.stdout, "data");
    const exited = once(parent, "exit");
    parent.kill("SIGKILL");
    await exited;
    await vi.waitFor(async () => expect(await processesWith(mark)).toStrictEqual([]), { timeout: 2000, interval: 50 });
  });
});

/** A machine like this one without bubblewrap. */
const withoutBwrap = (args: readonly string[], sandbox: string) =>
  command("bwrap", ["--dev-bind", "/", "/", "--ro-bind", "/dev/null", "/usr/bin/bwrap", "--", process.execPath, MAIN, ...args], {
    env: childEnvironment({ LADDERD_SANDBOX: sandbox }),
  });

describe.skipIf(!abilities.ownFiles)("where bwrap is missing", () => {
  test("required ends with 78 and one line that says how to get it", async () => {
    const { exitCode, stderr } = await withoutBwrap(["transcode", "film.mp4", "--out", "nowhere"], "required");
    expect(exitCode).toBe(78);
    expect(stderr).toBe(
      'ladderd: sandbox: "required" (LADDERD_SANDBOX), but this machine lacks bwrap (apt-get install bubblewrap; it needs user namespaces)\n',
    );
  });

  test("doctor names it, as a failure of required and a warning of auto", async () => {
    for (const [mode, status] of [
      ["required", "failed"],
      ["auto", "warning"],
    ] as const) {
      const { stdout } = await withoutBwrap(["doctor", "--json"], mode);
      expect(stdout).toMatch(new RegExp(`"sandbox"[^}]*"${status}"[^}]*bwrap \\(apt-get install bubblewrap`));
    }
  });
});

describe("makePipes", () => {
  test("makes named pipes that only this user can open", async () => {
    await using folder = await temporaryFolder();
    const paths = [folder.in("a b.pipe"), folder.in("-c.pipe")];
    await makePipes(paths, signal);
    for (const path of paths) {
      const found = await stat(path);
      expect(found.isFIFO()).toBe(true);
      expect(found.mode & 0o777).toBe(0o600);
    }
  });

  test("says why it cannot", async () => {
    await expect(makePipes(["/nonexistent/x.pipe"], signal)).rejects.toThrow(/mkfifo failed/);
    await expect(makePipes([], signal)).resolves.toBeUndefined();
  });
});
