import { execFile } from "node:child_process";

export interface CommandEnd {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 120_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** Runs a program to its end; killed after `timeoutMs`, when its exit code is null. Rejects when it cannot be started. */
export function command(file: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandEnd> {
  const { env = process.env, cwd, timeoutMs = TIMEOUT_MS } = options;
  return new Promise((resolve, reject) => {
    const given = { env, timeout: timeoutMs, maxBuffer: MAX_OUTPUT_BYTES, ...(cwd === undefined ? {} : { cwd }) };
    const child = execFile(file, [...args], given, (error, stdout, stderr) => {
      if (error && child.exitCode === null && child.signalCode === null) reject(error);
      else resolve({ exitCode: child.exitCode, stdout, stderr });
    });
  });
}

/** Runs a program that must end well; throws with its last words when it does not. Resolves to its stdout. */
export async function mustRun(file: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await command(file, args, options);
  if (exitCode !== 0) throw new Error(`${file} ${args.join(" ")}: exit code ${exitCode}\n${stderr.slice(-2000)}\n${stdout.slice(-2000)}`);
  return stdout;
}
