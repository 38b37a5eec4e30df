import { readdir } from "node:fs/promises";
import type { Daemon } from "./daemon.ts";
import { processesTouching } from "./processes.ts";
import type { Site } from "./site.ts";

/**
 * Stops a daemon, then its site. Throws unless the daemon ended with 0 and without a word on stderr, its work folder is
 * empty, and no process of the site is left.
 */
export async function closeCleanly(site: Site, daemon: Daemon): Promise<void> {
  const { code, signal } = await daemon.stop();
  const [work, stderr] = [await namesIn(daemon.workDir), daemon.stderr()];
  await site[Symbol.asyncDispose]();
  const left = await processesTouching(site.root);
  const problems = [
    ...(code === 0 ? [] : [`the daemon ended with ${code ?? signal}`]),
    ...(stderr === "" ? [] : [`the daemon wrote to stderr: ${stderr}`]),
    ...work.map((name) => `left in the work folder: ${name}`),
    ...left.map(({ pid, commandLine }) => `still running: ${pid} ${commandLine}`),
  ];
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

/** What a folder holds; nothing when it is not there. */
export const namesIn = async (folder: string): Promise<readonly string[]> => readdir(folder).catch(() => []);
