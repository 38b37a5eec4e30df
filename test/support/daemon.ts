import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { until } from "./until.ts";

const ROOT = resolve(import.meta.dirname, "../..");
/** The entry of the checkout: runs from the sources. */
export const MAIN = join(ROOT, "src/main.ts");

const logLine = z.looseObject({
  level: z.union([z.string(), z.number()]),
  msg: z.string().optional(),
  http: z.string().optional(),
  outcome: z.string().optional(),
  code: z.string().optional(),
  jobId: z.string().optional(),
  jobIds: z.array(z.string()).optional(),
  attempt: z.number().optional(),
  stage: z.string().optional(),
});
/** A line of the daemon's log, as far as tests look at it. */
export type LogLine = z.infer<typeof logLine>;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running `ladderd start`. */
export interface Daemon extends AsyncDisposable {
  readonly pid: number;
  readonly url: string;
  readonly workDir: string;
  readonly log: () => readonly LogLine[];
  /** All of stderr so far. */
  readonly stderr: () => string;
  readonly exited: Promise<Exit>;
  signal(name: NodeJS.Signals): void;
  /** Sends SIGTERM and waits for the end, which an open receive delays by up to 20 s. */
  stop(): Promise<Exit>;
}

export interface DaemonOptions {
  readonly env: Readonly<Record<string, string>>;
  /** The entry; the checkout's sources unless a build is meant. */
  readonly main?: string;
  readonly cwd?: string;
}

/** A busy machine takes its time to start ten processes. */
const START_MS = 120_000;

/** What every child of a test gets: the environment of the outside stays there. */
export const childEnvironment = (env: Readonly<Record<string, string>>): Record<string, string> => ({
  PATH: process.env["PATH"] ?? "",
  ...env,
});

/** Starts the daemon at any free port and waits until /readyz says yes. Rejects with its last words when it ends instead. */
export async function startDaemon({ env, main = MAIN, cwd = ROOT }: DaemonOptions): Promise<Daemon> {
  const child = spawn(process.execPath, [main, "start"], {
    env: childEnvironment({ LADDERD_HTTP_PORT: "0", ...env }),
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { lines, stderr } = collect(child);
  const exited = exitOf(child);
  const daemon = {
    pid: child.pid ?? 0,
    workDir: env["LADDERD_WORK_DIR"] ?? "",
    log: () => lines,
    stderr,
    exited,
    signal: (name: NodeJS.Signals) => void child.kill(name),
    stop: async () => {
      child.kill("SIGTERM");
      return exited;
    },
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
  try {
    return { ...daemon, url: await until("the daemon is ready", () => readyUrl(child, { lines, stderr }), START_MS) };
  } catch (error) {
    await daemon[Symbol.asyncDispose]();
    throw error;
  }
}

/** How often something was logged with this message and these fields. */
export const logged = (daemon: Pick<Daemon, "log">, wanted: Partial<LogLine>): readonly LogLine[] =>
  daemon.log().filter((line) => Object.entries(wanted).every(([name, value]) => line[name] === value));

async function readyUrl(child: ChildProcess, { lines, stderr }: ReturnType<typeof collect>): Promise<string | undefined> {
  if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the daemon ended with ${child.exitCode}: ${stderr()}`);
  const url = lines.find(({ msg }) => msg === "receiving")?.http;
  if (url === undefined) return undefined;
  const answer = await fetch(`${url}/readyz`);
  await answer.body?.cancel();
  return answer.ok ? url : undefined;
}

function collect(child: ChildProcess) {
  const lines: LogLine[] = [];
  let errors = "";
  if (child.stdout) createInterface({ input: child.stdout }).on("line", (line) => lines.push(logLine.parse(JSON.parse(line))));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  return { lines, stderr: () => errors };
}

async function exitOf(child: ChildProcess): Promise<Exit> {
  await once(child, "close");
  return { code: child.exitCode, signal: child.signalCode };
}
