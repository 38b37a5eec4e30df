import { spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";

/** What a whole command took: wall-clock and processor seconds, and the largest sum of resident memory of its processes. */
export interface Measurement {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

const SAMPLE_MS = 200;

/** Runs a command to its end and measures it with all its children. Throws when it fails. */
export async function measure(command: string, args: readonly string[]): Promise<Measurement> {
  const started = performance.now();
  // The shell's own `time` counts every child that was waited for, which Node does not tell of its children.
  // Without bubblewrap, which ends before its child is waited for: the time of everything in it would be missing.
  const env = { ...process.env, LADDERD_SANDBOX: "off" };
  const timed = ["-c", 'TIMEFORMAT="%U %S"; time "$@"', "bash", command, ...args];
  const child = spawn("bash", timed, { stdio: ["ignore", "ignore", "pipe"], env });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-4000);
  });
  let peakBytes = 0;
  const sampler = setInterval(() => {
    peakBytes = Math.max(peakBytes, residentBytes(child.pid ?? 0));
  }, SAMPLE_MS);
  const exitCode = await new Promise<number | null>((resolve) => child.once("close", resolve));
  clearInterval(sampler);
  const wallSeconds = (performance.now() - started) / 1000;
  const times = /([\d.]+) ([\d.]+)\s*$/.exec(stderr);
  if (exitCode !== 0 || !times) throw new Error(`${command} failed (${exitCode}): ${stderr}`);
  return { wallSeconds, cpuSeconds: Number(times[1]) + Number(times[2]), peakBytes };
}

function residentBytes(root: number): number {
  const parents = new Map<number, number>();
  const resident = new Map<number, number>();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      const status = readFileSync(`/proc/${name}/status`, "utf8");
      parents.set(Number(name), Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]));
      resident.set(Number(name), Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024);
    } catch {
      // Gone between the listing and the reading.
    }
  }
  const belongs = (pid: number | undefined): boolean => pid !== undefined && (pid === root || (pid > 1 && belongs(parents.get(pid))));
  return [...resident].filter(([pid]) => belongs(pid)).reduce((total, [, bytes]) => total + bytes, 0);
}

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? Number.NaN) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
