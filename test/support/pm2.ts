import { join, resolve } from "node:path";
import { childEnvironment } from "./daemon.ts";
import { mustRun } from "./command.ts";

const PM2 = resolve(import.meta.dirname, "../../node_modules/pm2/bin/pm2");
const TIMEOUT_MS = 120_000;

/** A PM2 with a home of its own. */
export interface Pm2 {
  /** Runs a PM2 command to its end; throws when PM2 reports a failure. */
  readonly run: (...args: readonly string[]) => Promise<string>;
  readonly logPath: string;
}

/** PM2 as a machine has it, with its home in `home`. */
export function openPm2(home: string, { cwd, env }: { cwd: string; env: Readonly<Record<string, string>> }): Pm2 {
  const options = { cwd, env: childEnvironment({ ...env, PM2_HOME: home, HOME: home }), timeoutMs: TIMEOUT_MS };
  const run = (...args: readonly string[]): Promise<string> => mustRun(process.execPath, [PM2, ...args], options);
  return { run, logPath: join(home, "logs/ladderd-out.log") };
}

/** Ends PM2 and what it runs; for the end of a test file, when its start may have failed. */
export async function closePm2(pm2: Pm2 | undefined): Promise<void> {
  await pm2?.run("kill");
}
