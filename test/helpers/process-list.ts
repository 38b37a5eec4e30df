import { readFile, readdir } from "node:fs/promises";

/** Processes whose command line holds `mark`; one in state Z has none and counts as gone. */
export async function processesWith(mark: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const lines = await Promise.all(pids.map(async (pid) => ({ pid, line: await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "") })));
  return lines.filter(({ pid, line }) => pid !== process.pid && line.includes(mark)).map(({ pid }) => pid);
}

/** A word that no other test's process has on its command line. */
export const processMark = (): string => `mark-${process.pid}-${performance.now()}`;
