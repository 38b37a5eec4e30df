import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Failpoint } from "../../src/lifecycle/failpoint.ts";
import { namesIn } from "./close-cleanly.ts";
import type { Daemon } from "./daemon.ts";
import { logged, startDaemon } from "./daemon.ts";
import type { RunningProcess } from "./processes.ts";
import { processesNaming, processesTouching } from "./processes.ts";
import { makeQueue, send, untilEmpty } from "./queue.ts";
import type { Site } from "./site.ts";
import { until } from "./until.ts";
import { watchAddress } from "./watch-address.ts";

/** Long enough for a busy machine to extend it in time, short enough to be waited for. */
const SHORT_LEASE = { LADDERD_LEASE_VISIBILITY_SECONDS: "8", LADDERD_LEASE_EXTEND_SECONDS: "0.3", LADDERD_LEASE_MARGIN_SECONDS: "2" };
const VISIBILITY_SECONDS = 8;
const REACHED_MS = 120_000;
/** A job that another attempt claimed is tried again after up to a minute. */
const SETTLED_MS = 280_000;
const GONE_MS = 2000;

export interface FailpointRun {
  readonly failpoint: Failpoint;
  /** Of this run alone: it names its queue and its work folders, too. */
  readonly assetPath: string;
  readonly body: object;
  /** How often the message is sent. */
  readonly copies?: number;
  readonly settings?: Readonly<Record<string, string>>;
  /** The entry of another checkout. */
  readonly main?: string;
  /** Waits for what goes on after the message is gone. */
  readonly settled?: () => Promise<unknown>;
}

/** What is true when the message is gone. */
export interface FailpointResult {
  /** What was wrong at the public address meanwhile. */
  readonly problems: readonly string[];
  /** Programs of a killed worker that ran on for more than two seconds. */
  readonly children: readonly RunningProcess[];
  /** Left in the work folders. */
  readonly folders: readonly string[];
  /** The one that met the failpoint, and the one that came after it: the same one after "term". */
  readonly first: Daemon;
  readonly last: Daemon;
}

/** Sends a message to a worker with this failpoint, lets it come to it, and carries on until the queue is empty. */
export async function runAtFailpoint(site: Site, run: FailpointRun): Promise<FailpointResult> {
  await using undo = new AsyncDisposableStack();
  const { failpoint, assetPath } = run;
  const { name, passing, action } = failpoint;
  const queueUrl = await makeQueue(site, assetPath, VISIBILITY_SECONDS);
  const start = async (work: string, env: Readonly<Record<string, string>> = {}): Promise<Daemon> => {
    const common = { ...site.daemonEnv(`${assetPath}-${work}`), LADDERD_QUEUE_URL: queueUrl };
    const { main, settings } = run;
    return undo.use(
      await startDaemon({ env: { ...common, ...SHORT_LEASE, ...settings, ...env }, ...(main === undefined ? {} : { main }) }),
    );
  };
  const watch = watchAddress(`${site.origin.url}/${assetPath}`);
  const first = await start("work", { FAILPOINT: `${name}:${passing}:${action}` });
  for (let copy = 0; copy < (run.copies ?? 1); copy += 1) await send(site, run.body, queueUrl);
  const { last, children } = await CARRY_ON[action](first, start);
  if (action === "stop") await resume(first);
  await untilEmpty(site, queueUrl, SETTLED_MS);
  await run.settled?.();
  const folders = await foldersLeft([first, last]);
  return { problems: await watch.stop(), children, folders, first, last };
}

type Start = (work: string) => Promise<Daemon>;
type CarryOn = (first: Daemon, start: Start) => Promise<Pick<FailpointResult, "last" | "children">>;

const CARRY_ON: Readonly<Record<Failpoint["action"], CarryOn>> = {
  kill: async (first, start) => {
    const { signal } = await within("the worker is killed", first.exited, first);
    if (signal !== "SIGKILL") throw new Error(`the worker ended with ${signal}: ${first.stderr()}`);
    const left = await stillRunning(first.workDir);
    // A kill that meets bwrap in its first steps leaves the inside of its fence alone, which is the next worker's to end.
    const areInside = (await Promise.all(left.map(({ pid }) => isInside(pid)))).every(Boolean);
    const last = await start("work");
    return { children: left.length > 0 && areInside ? await stillOf(left) : left, last };
  },
  term: async (first) => {
    const { code } = await within("the worker ends", first.exited, first);
    if (code !== 0) throw new Error(`the worker ended with ${code}: ${lastWords(first)}`);
    return { children: await stillRunning(first.workDir), last: first };
  },
  stop: async (first, start) => {
    await until("the worker is stopped", async () => ((await stateOf(first.pid)) === "T" ? true : undefined), REACHED_MS);
    const last = await start("other");
    await until("the other worker settles", () => logged(last, { msg: "message settled" })[0], SETTLED_MS);
    return { children: [], last };
  },
};

/** The stopped worker goes on, finds that its time is over and settles what it held. */
async function resume(first: Daemon): Promise<void> {
  first.signal("SIGCONT");
  await until("the stopped worker has settled", () => logged(first, { msg: "message settled" })[0], REACHED_MS);
}

async function within<T>(what: string, event: Promise<T>, daemon: Daemon): Promise<T> {
  const over = new AbortController();
  const late = async (): Promise<never> => {
    await sleep(REACHED_MS, undefined, { signal: over.signal });
    throw new Error(`${what}: not within ${REACHED_MS} ms: ${lastWords(daemon)}`);
  };
  try {
    return await Promise.race([event, late()]);
  } finally {
    over.abort();
  }
}

const lastWords = (daemon: Daemon): string => JSON.stringify(daemon.log().slice(-6));

/** Those of them that the next worker has not ended either. */
const stillOf = async (left: readonly RunningProcess[]): Promise<readonly RunningProcess[]> => {
  const there = async (): Promise<readonly RunningProcess[]> =>
    (await Promise.all(left.map(({ commandLine }) => processesNaming(commandLine)))).flat();
  await until("the next worker ends it", async () => ((await there()).length === 0 ? true : undefined), GONE_MS).catch(() => undefined);
  return there();
};

/** Whether a process is of a namespace of its own: bwrap itself, which a killed worker takes along, is not. */
const isInside = async (pid: number): Promise<boolean> =>
  /^NSpid:\t\d+\t\d+/m.test(await readFile(`/proc/${pid}/status`, "utf8").catch(() => ""));

/** Programs that name a worker's folder two seconds after it ended. */
async function stillRunning(workDir: string): Promise<readonly RunningProcess[]> {
  const gone = async (): Promise<true | undefined> => ((await processesTouching(workDir)).length === 0 ? true : undefined);
  await until("no program is left", gone, GONE_MS).catch(() => undefined);
  return processesTouching(workDir);
}

/** A job's folder goes a moment after its message. */
async function foldersLeft(daemons: readonly Daemon[]): Promise<readonly string[]> {
  const folders = async (): Promise<readonly string[]> => (await Promise.all(daemons.map(({ workDir }) => namesIn(workDir)))).flat();
  await until("the work folders are empty", async () => ((await folders()).length === 0 ? true : undefined), 10_000).catch(() => undefined);
  return folders();
}

/** The letter of /proc/PID/stat: T is stopped. */
const stateOf = async (pid: number): Promise<string | undefined> =>
  /\) (\w) /.exec(await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ""))?.[1];
