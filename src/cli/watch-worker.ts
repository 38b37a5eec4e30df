import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

/** The worker of this machine does not do what it is there for. */
export class WorkerError extends Error {
  override readonly name = "WorkerError";
}

/** Where the worker of this machine answers. */
export interface WorkerAddress {
  readonly host: string;
  readonly port: number;
}

const POLL_MS = 500;
const ANSWER_MS = 5000;
/** What stands for every address of the machine is asked at its own. */
const EVERYWHERE: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

const readiness = z.object({ status: z.string(), reasons: z.array(z.string()), build: z.string().optional() });

/**
 * Resolves when /readyz answers well and for this build. Throws WorkerError with the last answer when the signal ends the wait.
 */
export async function untilReady({ build, ...address }: WorkerAddress & { readonly build: string }, signal: AbortSignal): Promise<void> {
  for (;;) {
    const problem = await whyNotReady(address, build);
    if (problem === undefined) return;
    if (signal.aborted) throw new WorkerError(`the worker at ${urlOf(address)} is not ready: ${problem}`);
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function whyNotReady(address: WorkerAddress, build: string): Promise<string | undefined> {
  try {
    const answer = readiness.parse(await ask(address, "/readyz"));
    if (answer.build !== build) return `it is build ${answer.build ?? "unknown"}, not ${build}`;
    return answer.status === "ok" ? undefined : answer.reasons.join(", ");
  } catch (error) {
    return error instanceof Error ? [error.message, error.cause].filter(Boolean).join(": ") : String(error);
  }
}

const board = z.object({
  running: z.array(z.object({ stage: z.string().optional(), fraction: z.number().optional() })),
  ended: z.array(z.object({ outcome: z.string(), sourceKey: z.string(), endedAt: z.iso.datetime() })),
});

/** Which published jobs count. */
export interface Counted {
  readonly sinceMs: number;
  /** Sources under this key do not count. */
  readonly but: string;
}

/** Number of published jobs in an answer of /api/jobs; throws for what is none. Pure. */
export function publishedIn(answer: unknown, { sinceMs, but }: Counted): number {
  return board
    .parse(answer)
    .ended.filter(
      ({ outcome, sourceKey, endedAt }) => outcome === "published" && !sourceKey.startsWith(but) && Date.parse(endedAt) >= sinceMs,
    ).length;
}

/** Resolves, in words, as soon as this worker has published such a job. Throws the signal's reason when it ends the wait. */
export async function untilItPublishes(address: WorkerAddress, counted: Counted, signal: AbortSignal): Promise<string> {
  for (;;) {
    const answer = await ask(address, "/api/jobs", signal).catch(() => undefined);
    const published = answer === undefined ? 0 : publishedIn(answer, counted);
    if (published > 0) return `this worker has published ${published} jobs meanwhile`;
    await sleep(POLL_MS, undefined, { signal });
  }
}

/**
 * What the worker has done since it started, in words: published jobs, or a job in the middle of its encode. Throws
 * WorkerError when it has done neither.
 */
export async function whatItDid(address: WorkerAddress, signal: AbortSignal): Promise<string> {
  const { running, ended } = board.parse(await ask(address, "/api/jobs", signal));
  const published = ended.filter(({ outcome }) => outcome === "published").length;
  if (published > 0) return `this worker has published ${published} jobs`;
  if (running.some(({ stage, fraction = 0 }) => stage === "encode" && fraction > 0)) return "this worker is in the middle of an encode";
  throw new WorkerError("the clip is still in the queue, and this worker has published nothing and encodes nothing");
}

async function ask(address: WorkerAddress, path: string, signal?: AbortSignal): Promise<unknown> {
  const timeout = AbortSignal.timeout(ANSWER_MS);
  const response = await fetch(urlOf(address) + path, { signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
  return response.json();
}

function urlOf({ host, port }: WorkerAddress): string {
  const name = EVERYWHERE.has(host) ? "127.0.0.1" : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
}
