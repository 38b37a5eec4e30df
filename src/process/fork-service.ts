import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { finished } from "node:stream/promises";
import { fileURLToPath } from "node:url";

const READY_DEADLINE_MS = 20_000;
const EXIT_DEADLINE_MS = 2_000;
const STDERR_TAIL_CHARS = 4_000;

/** A node module running in a child process. */
export interface Service<Ready> {
  /** What its ready message said. */
  readonly ready: Ready;
  readonly pid: number | undefined;
  /** Ends the child (killed after 2 s) and resolves when it is reaped; safe to call again. */
  close(): Promise<void>;
}

export interface ServiceOptions<Ready> {
  readonly entry: URL;
  /** JSON value the child finds as its first argument. */
  readonly input: unknown;
  /** Reads the child's first IPC message; throws when it is not the one expected. */
  readonly parseReady: (message: unknown) => Ready;
  /** Called when the child ends without having been asked to. */
  readonly onDeath?: (error: Error) => void;
}

/**
 * Starts a node module that serves until `close()`. It inherits no environment, and its IPC channel closes when we die,
 * however we die: the module must exit on "disconnect" and leave signals alone (a terminal sends Ctrl-C to both).
 * Rejects, with the end of its stderr, when the child ends or says nothing for 20 s instead of becoming ready.
 */
export async function forkService<Ready>({ entry, input, parseReady, onDeath }: ServiceOptions<Ready>): Promise<Service<Ready>> {
  const child = fork(fileURLToPath(entry), [JSON.stringify(input)], {
    env: { LC_ALL: "C" },
    execArgv: ["--disable-warning=ExperimentalWarning"],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const stderr = tailOf(child);
  const exited = exitOf(child);
  let closing = false;
  const close = async (): Promise<void> => {
    closing = true;
    if (child.connected) child.disconnect();
    const killer = setTimeout(() => child.kill("SIGKILL"), EXIT_DEADLINE_MS);
    await exited;
    clearTimeout(killer);
  };
  try {
    const ready = parseReady(await firstMessage(child, exited, stderr));
    void exited.then((how) => (closing ? undefined : onDeath?.(new Error(`${entry.pathname} ended (${how}): ${stderr()}`))));
    return { ready, pid: child.pid, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function firstMessage(child: ChildProcess, exited: Promise<string>, stderr: () => string): Promise<unknown> {
  const waiting = new AbortController();
  const signal = AbortSignal.any([waiting.signal, AbortSignal.timeout(READY_DEADLINE_MS)]);
  const message = once(child, "message", { signal }).then(([value]: unknown[]) => value);
  const ended = exited.then((how) => {
    throw new Error(`${child.spawnargs.slice(-2, -1).join("")} ended before it was ready (${how}): ${stderr()}`);
  });
  try {
    return await Promise.race([message, ended]);
  } finally {
    waiting.abort();
  }
}

/** "exit" and the end of stderr: "close" never comes after a disconnect from our side (Node 24). */
async function exitOf(child: ChildProcess): Promise<string> {
  const ended = child.stderr ? finished(child.stderr).catch(() => undefined) : undefined;
  const how = await new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  await ended;
  return how;
}

function tailOf(child: ChildProcess): () => string {
  let tail = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    tail = (tail + text).slice(-STDERR_TAIL_CHARS);
  });
  return () => tail.trim();
}
