import { readFile, readdir } from "node:fs/promises";

export interface RunningProcess {
  readonly pid: number;
  readonly commandLine: string;
}

const words = (text: string): string => text.replaceAll("\0", " ").trim();

async function processFile(pid: number, name: string): Promise<string> {
  return readFile(`/proc/${pid}/${name}`, "utf8").catch(() => "");
}

async function allPids(): Promise<readonly number[]> {
  return (await readdir("/proc")).map(Number).filter((pid) => pid > 0 && pid !== process.pid);
}

/** Running processes whose command line names `text`, a path of the test's own. A zombie has no command line: it is gone. */
export async function processesNaming(text: string): Promise<readonly RunningProcess[]> {
  const found = await Promise.all((await allPids()).map(async (pid) => ({ pid, commandLine: words(await processFile(pid, "cmdline")) })));
  return found.filter(({ commandLine }) => commandLine.includes(text));
}

/** Sends `signal` to a process that may have ended meanwhile. */
export function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // ESRCH: it has ended meanwhile.
  }
}

/** Running processes that name `text` in their command line or in their environment. */
export async function processesTouching(text: string): Promise<readonly RunningProcess[]> {
  const found = await Promise.all(
    (await allPids()).map(async (pid) => ({
      pid,
      commandLine: words(await processFile(pid, "cmdline")),
      environment: await processFile(pid, "environ"),
    })),
  );
  return found
    .filter(({ commandLine, environment }) => commandLine.includes(text) || environment.includes(text))
    .map(({ pid, commandLine }) => ({ pid, commandLine }));
}

/** Resident memory of one process, without its children: now and at its highest, in bytes; zeros when it is gone. */
export async function residentMemory(pid: number): Promise<{ readonly bytes: number; readonly peakBytes: number }> {
  const status = await processFile(pid, "status");
  const kilobytes = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? 0);
  return { bytes: 1024 * kilobytes("VmRSS"), peakBytes: 1024 * kilobytes("VmHWM") };
}
