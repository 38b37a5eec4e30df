import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import type { RunOptions } from "../../../src/process/run-command.ts";
import { runCommand } from "../../../src/process/run-command.ts";
import { runningPrograms } from "../../../src/process/running-programs.ts";
import { processMark, processesWith } from "../../helpers/process-list.ts";

const { signal } = new AbortController();
/** A shell program; `mark` is on its command line and on that of its children. */
const sh = (script: string, mark = ""): Pick<RunOptions, "command" | "args"> => ({ command: "sh", args: ["-c", script, `sh ${mark}`] });

const expectNone = (mark: string): Promise<void> =>
  vi.waitFor(async () => expect(await processesWith(mark)).toStrictEqual([]), { timeout: 1000, interval: 20 });

describe("runningPrograms", () => {
  test("counts what runs and is not reaped", async () => {
    expect(runningPrograms()).toBe(0);
    const running = [runCommand({ ...sh("sleep 0.3"), signal }), runCommand({ ...sh("sleep 0.3"), signal })];
    expect(runningPrograms()).toBe(2);
    await Promise.all(running);
    await vi.waitFor(() => expect(runningPrograms()).toBe(0));
  });
});

describe("runCommand", () => {
  test("resolves to exit code, output and the end of stderr, and throws nothing for a failure", async () => {
    const result = await runCommand({ ...sh("echo out; echo err >&2; exit 3"), signal });
    expect(result).toMatchObject({ exitCode: 3, signal: null, ended: "exit", stdout: "out\n", stderrTail: "err\n" });
    expect(result.durationMs).toBeGreaterThan(0);
  });

  test("says which signal a program died of", async () => {
    await expect(runCommand({ ...sh("kill -SEGV $$"), signal })).resolves.toMatchObject({
      exitCode: null,
      signal: "SIGSEGV",
      ended: "exit",
    });
  });

  test("ends a program that hangs at its deadline", async () => {
    const result = await runCommand({ ...sh("exec sleep 60"), signal, deadlineMs: 200 });
    expect(result).toMatchObject({ exitCode: null, signal: "SIGTERM", ended: "deadline" });
    expect(result.durationMs).toBeLessThan(2000);
  });

  test("ends a program when the job is cancelled", async () => {
    const cancel = new AbortController();
    const running = runCommand({ ...sh("exec sleep 60"), signal: cancel.signal });
    setTimeout(() => cancel.abort(), 100);
    await expect(running).resolves.toMatchObject({ signal: "SIGTERM", ended: "cancelled" });
  });

  test("fault 50: kills a program that ignores TERM within five seconds", async () => {
    const result = await runCommand({ ...sh("trap '' TERM; while :; do sleep 0.1; done"), signal, deadlineMs: 200 });
    expect(result).toMatchObject({ signal: "SIGKILL", ended: "deadline" });
    expect(result.durationMs).toBeGreaterThan(3000);
    expect(result.durationMs).toBeLessThan(5000);
  });

  test("ends a program that floods its output, and keeps what it said within the limit", async () => {
    const result = await runCommand({ ...sh("exec yes"), signal, maxStdoutBytes: 100_000 });
    expect(result.ended).toBe("overflow");
    expect(result.stdout.length).toBeLessThanOrEqual(100_000);
  });

  test("keeps the last 8 KB of a flood on stderr", async () => {
    const result = await runCommand({ ...sh("yes | head -c 3000000 >&2; echo last >&2"), signal });
    expect(result.stderrTail.length).toBe(8192);
    expect(result.stderrTail.endsWith("last\n")).toBe(true);
  });

  test("hands over every line, the last one without an end included, before it resolves", async () => {
    const lines: string[] = [];
    await runCommand({ ...sh("seq 1 20000; printf tail"), signal, onStdoutLine: (line) => lines.push(line) });
    expect(lines).toHaveLength(20_001);
    expect(lines.at(-1)).toBe("tail");
  });

  test("hands over lines of stderr beside the tail", async () => {
    const lines: string[] = [];
    const { stderrTail } = await runCommand({ ...sh("echo a >&2; echo b >&2"), signal, onStderrLine: (line) => lines.push(line) });
    expect([lines, stderrTail]).toStrictEqual([["a", "b"], "a\nb\n"]);
  });

  test("keeps the beginning of a line that never ends, and reads on after it", async () => {
    const lines: string[] = [];
    const { stderrTail } = await runCommand({
      ...sh("head -c 30000000 /dev/zero | tr '\\0' x; echo; echo next; head -c 30000000 /dev/zero >&2"),
      signal,
      onStdoutLine: (line) => lines.push(line),
      onStderrLine: (line) => lines.push(line),
    });
    expect(lines.filter((line) => line === "next")).toHaveLength(1);
    expect(lines).toHaveLength(3);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(100_000);
    expect(stderrTail.length).toBe(8192);
  });

  test("gives a program no environment but a path and a locale, and no input", async () => {
    const { stdout } = await runCommand({ command: "env", args: [], signal });
    expect(
      stdout
        .split("\n")
        .filter(Boolean)
        .map((line) => line.split("=")[0]),
    ).toStrictEqual(["PATH", "LANG"]);
    await expect(runCommand({ command: "cat", args: [], signal })).resolves.toMatchObject({ exitCode: 0, stdout: "" });
  });

  test("leaves no child of the group when the program is ended", async () => {
    const mark = processMark();
    const script = `sh -c 'trap "" TERM; while :; do sleep 0.1; done' '${mark}' >/dev/null 2>&1 & exec sleep 60`;
    await runCommand({ ...sh(script), signal, deadlineMs: 300 });
    await expectNone(mark);
  });

  test("leaves no child of the group when the program ends by itself", async () => {
    const mark = processMark();
    const result = await runCommand({ ...sh(`sh -c 'sleep 60; :' '${mark}' >/dev/null 2>&1 & exit 0`), signal });
    expect(result).toMatchObject({ exitCode: 0, ended: "exit" });
    expect(result.durationMs).toBeLessThan(5000);
    await expectNone(mark);
  });

  test("rejects for a program that cannot be started, with nothing left unhandled", async () => {
    await expect(runCommand({ command: "/nonexistent/program", args: [], signal, deadlineMs: 60_000 })).rejects.toMatchObject({
      code: "ENOENT",
    });
    await expect(runCommand({ command: "/etc/passwd", args: [], signal })).rejects.toMatchObject({ code: "EACCES" });
  });

  test("fault 46: rejects where no file descriptors are left, and the process lives on", async () => {
    const script = `ulimit -n 64; exec "$0" "$1"`;
    const args = ["-c", script, process.execPath, join(import.meta.dirname, "few-descriptors-process.ts")];
    await expect(runCommand({ command: "sh", args, signal })).resolves.toMatchObject({ exitCode: 0, stdout: "EMFILE\n" });
  });

  test("starts nothing for a job that is cancelled already", async () => {
    await expect(runCommand({ ...sh("exit 0"), signal: AbortSignal.abort(new Error("lease lost")) })).rejects.toThrow("lease lost");
  });

  test("takes its listeners off the signal", async () => {
    const cancel = new AbortController();
    for (let run = 0; run < 3; run += 1) await runCommand({ ...sh("exit 0"), signal: cancel.signal });
    const late = await runCommand({ ...sh("exit 0"), signal: cancel.signal });
    cancel.abort();
    expect(late.ended).toBe("exit");
  });
});
