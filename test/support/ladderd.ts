import { spawn } from "node:child_process";
import { once } from "node:events";
import type { CommandEnd } from "./command.ts";
import { command } from "./command.ts";
import type { Exit } from "./daemon.ts";
import { childEnvironment, MAIN } from "./daemon.ts";

/** Runs a command of the checkout to its end, with `tmp` as the system's temporary folder. */
export function ladderd(args: readonly string[], tmp: string): Promise<CommandEnd> {
  return command(process.execPath, [MAIN, ...args], { env: childEnvironment({ TMPDIR: tmp }) });
}

/** A command that goes on until it is interrupted. */
export interface Running extends AsyncDisposable {
  /** Everything it has written to stdout so far. */
  readonly stdout: () => string;
  readonly exited: Promise<Exit>;
  /** As a terminal does it: SIGINT for the whole foreground process group. */
  ctrlC(): void;
}

/** Starts a command as the leader of a process group. */
export function startLadderd(args: readonly string[], tmp: string): Running {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: childEnvironment({ TMPDIR: tmp }),
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "close").then((): Exit => ({ code: child.exitCode, signal: child.signalCode }));
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  return {
    stdout: () => stdout,
    exited,
    ctrlC: () => void (child.pid !== undefined && process.kill(-child.pid, "SIGINT")),
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
