import { readdir } from "node:fs/promises";
import type { Daemon } from "./daemon.ts";
import { processesTouching, signalIfThere } from "./processes.ts";
import type { Site } from "./site.ts";

/** Of the log, for whoever wants to know why. */
const LAST_LINES = 10;

/**
 * Stops daemons, then their site; each is undefined when its start failed. Throws unless a daemon ended with 0 and
 * without a word on stderr, its work folder is empty, and no process of the site is left; those that are, it kills.
 */
export async function closeCleanly(site: Site | undefined, ...daemons: readonly (Daemon | undefined)[]): Promise<void> {
  const problems = (await Promise.all(daemons.map(async (daemon) => (daemon ? stopProblems(daemon) : [])))).flat();
  await site?.[Symbol.asyncDispose]();
  const left = site ? await processesTouching(site.root) : [];
  // What a failed test left must not disturb the next.
  for (const { pid } of left) signalIfThere(pid, "SIGKILL");
  problems.push(...left.map(({ pid, commandLine }) => `still running: ${pid} ${commandLine}`));
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

async function stopProblems(daemon: Daemon): Promise<string[]> {
  const { code, signal } = await daemon.stop();
  const stderr = daemon.stderr();
  return [
    ...(code === 0 ? [] : [`the daemon ended with ${code ?? signal}: ${JSON.stringify(daemon.log().slice(-LAST_LINES))}`]),
    ...(stderr === "" ? [] : [`the daemon wrote to stderr: ${stderr}`]),
    ...(await namesIn(daemon.workDir)).map((name) => `left in the work folder: ${name}`),
  ];
}

/** What a folder holds; nothing when it is not there. */
export const namesIn = async (folder: string): Promise<readonly string[]> => readdir(folder).catch(() => []);
