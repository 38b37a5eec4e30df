import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { eachLine } from "./each-line.ts";

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** What it runs may be another program, whose death of signal n it tells as exit code 128 + n. */
  readonly signalsAsCodes?: boolean;
}

export interface RunOptions extends Command {
  readonly signal: AbortSignal;
  /** Wall-clock limit; undefined means none. */
  readonly deadlineMs?: number;
  /** Called for each line of stdout; stdout is then not kept. */
  readonly onStdoutLine?: (line: string) => void;
  /** Called for each line of stderr, beside the kept tail. */
  readonly onStderrLine?: (line: string) => void;
  /** More than this on stdout ends the run as "overflow". */
  readonly maxStdoutBytes?: number;
}

/** One shape for success and failure: why it ended is recorded once, and nothing is thrown for an exit code. */
export interface CommandResult {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly ended: "exit" | "cancelled" | "deadline" | "overflow";
  readonly stdout: string;
  /** The last 8 KB. */
  readonly stderrTail: string;
  readonly durationMs: number;
}

const TAIL_BYTES = 8192;
const MAX_STDOUT_BYTES = 8 * 1024 * 1024;
/**
 * ffmpeg in a frame duplication loop ignores SIGTERM for 20 s and more (RELIABILITY.md E5). Who signals twice waits 5 s at
 * most: the kill has to leave time for giving the message back.
 */
const KILL_AFTER_MS = 3000;
/** Children never see the worker's environment: no credentials, no NODE_OPTIONS (R-X3). */
const EMPTY_ENVIRONMENT = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8" };

/**
 * Runs a program in a process group of its own with an empty environment and waits until it is reaped; nothing of the
 * group outlives it. An abort of `signal`, the deadline or too much output ends the whole group: TERM, then KILL after 3 s.
 * Throws only when the program cannot be started.
 */
export async function runCommand(options: RunOptions): Promise<CommandResult> {
  const started = performance.now();
  const state: { ended: CommandResult["ended"]; killTimer?: NodeJS.Timeout } = { ended: "exit" };
  options.signal.throwIfAborted();
  const child = spawn(options.command, options.args, {
    ...(options.cwd ? { cwd: options.cwd } : {}),
    env: EMPTY_ENVIRONMENT,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  // Where no file descriptors are left it has no streams either.
  if (child.pid === undefined) throw await failureOf(child);
  const end = (why: CommandResult["ended"]): void => {
    if (state.ended !== "exit") return;
    state.ended = why;
    killGroup(child, "SIGTERM");
    state.killTimer = setTimeout(() => killGroup(child, "SIGKILL"), KILL_AFTER_MS);
  };
  const onAbort = (): void => end("cancelled");
  options.signal.addEventListener("abort", onAbort, { once: true });
  const deadline = options.deadlineMs === undefined ? undefined : setTimeout(() => end("deadline"), options.deadlineMs);
  const stdout = collectStdout(child.stdout, options, () => end("overflow"));
  const stderr = collectTail(child.stderr, options.onStderrLine);
  try {
    const exit = await closed(child);
    return {
      ...(options.signalsAsCodes ? signalInCode(exit) : exit),
      ended: state.ended,
      stdout: await stdout,
      stderrTail: await stderr,
      durationMs: performance.now() - started,
    };
  } finally {
    clearTimeout(deadline);
    clearTimeout(state.killTimer);
    options.signal.removeEventListener("abort", onAbort);
    // What the program started and did not wait for; a group number is not given away while a member lives.
    killGroup(child, "SIGKILL");
  }
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // ESRCH: the group is gone already.
  }
}

interface Exit {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How crashes and limits end a program; ffmpeg's own codes above 128 (a negated errno) are taken for none of the others. */
const DEADLY = ["SIGILL", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGSEGV", "SIGXCPU", "SIGXFSZ", "SIGSYS"] as const;

function signalInCode(exit: Exit): Exit {
  const signal = DEADLY.find((name) => exit.exitCode === 128 + constants.signals[name]);
  return signal ? { exitCode: null, signal } : exit;
}

async function failureOf(child: ChildProcess): Promise<unknown> {
  const [error]: readonly unknown[] = await once(child, "error");
  return error;
}

function closed(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode, signal) => resolve({ exitCode, signal }));
  });
}

async function collectStdout(stream: Readable, { onStdoutLine, maxStdoutBytes }: RunOptions, overflow: () => void): Promise<string> {
  if (onStdoutLine) {
    eachLine(stream, onStdoutLine);
    await finished(stream, { writable: false, error: false });
    return "";
  }
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > (maxStdoutBytes ?? MAX_STDOUT_BYTES)) overflow();
    else chunks.push(chunk);
  });
  await finished(stream, { writable: false, error: false });
  return Buffer.concat(chunks).toString("utf8");
}

async function collectTail(stream: Readable, onLine: RunOptions["onStderrLine"]): Promise<string> {
  let tail = Buffer.alloc(0);
  if (onLine) eachLine(stream, onLine);
  stream.on("data", (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk]).subarray(-TAIL_BYTES);
  });
  await finished(stream, { writable: false, error: false });
  return tail.toString("utf8");
}
