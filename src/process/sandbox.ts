import type { Command } from "./run-command.ts";
import { runCommand } from "./run-command.ts";

/** Which of the kernel's fences this machine lets us put around a child. */
export interface SandboxAbilities {
  /** `unshare -rn`: a network namespace with no interface. */
  readonly noNetwork: boolean;
  /** `setpriv --pdeathsig`: the child dies with the worker (RELIABILITY.md E6). */
  readonly diesWithParent: boolean;
  /** `prlimit`: CPU, file size, open files, core. */
  readonly limits: boolean;
}

export type SandboxMode = "required" | "auto" | "off";

/** What one child may use up. */
export interface ProcessLimits {
  readonly cpuSeconds?: number;
  readonly fileSizeBytes?: number;
}

const OPEN_FILES = 1024;

const ABILITY_CHECKS = {
  noNetwork: { command: "unshare", args: ["-rn", "true"] },
  diesWithParent: { command: "setpriv", args: ["--pdeathsig", "KILL", "--no-new-privs", "true"] },
  limits: { command: "prlimit", args: ["--core=0:0", "true"] },
} as const satisfies Record<keyof SandboxAbilities, Command>;

/** Tries each fence on this machine once; nothing is assumed from the kernel's version. */
export async function detectSandbox(signal: AbortSignal): Promise<SandboxAbilities> {
  const works = async (check: Command): Promise<boolean> => {
    try {
      return (await runCommand({ ...check, signal, deadlineMs: 5000 })).exitCode === 0;
    } catch {
      return false;
    }
  };
  const [noNetwork, diesWithParent, limits] = await Promise.all([
    works(ABILITY_CHECKS.noNetwork),
    works(ABILITY_CHECKS.diesWithParent),
    works(ABILITY_CHECKS.limits),
  ]);
  return { noNetwork, diesWithParent, limits };
}

/** The abilities to use under `mode`; `missing` names what `required` would have to refuse for. */
export function chooseSandbox(mode: SandboxMode, found: SandboxAbilities): { abilities: SandboxAbilities; missing: readonly string[] } {
  if (mode === "off") return { abilities: { noNetwork: false, diesWithParent: found.diesWithParent, limits: false }, missing: [] };
  const names = { noNetwork: "unshare -rn", diesWithParent: "setpriv", limits: "prlimit" };
  const missing = [
    ...(found.noNetwork ? [] : [names.noNetwork]),
    ...(found.diesWithParent ? [] : [names.diesWithParent]),
    ...(found.limits ? [] : [names.limits]),
  ];
  return { abilities: found, missing };
}

/**
 * The command inside its fences, outermost first: limits, no network, then the death signal, which a change of
 * credentials by unshare would clear if it came before.
 */
export function sandboxed({ command, args, cwd }: Command, limits: ProcessLimits, abilities: SandboxAbilities): Command {
  const argv = [
    ...(abilities.limits ? ["prlimit", ...limitFlags(limits), "--"] : []),
    ...(abilities.noNetwork ? ["unshare", "-rn", "--"] : []),
    ...(abilities.diesWithParent ? ["setpriv", "--pdeathsig", "KILL", "--no-new-privs", "--"] : []),
    command,
    ...args,
  ];
  const [first = command, ...rest] = argv;
  return { command: first, args: rest, ...(cwd ? { cwd } : {}) };
}

function limitFlags({ cpuSeconds, fileSizeBytes }: ProcessLimits): string[] {
  const flag = (name: string, value: number): string => `--${name}=${Math.ceil(value)}:${Math.ceil(value)}`;
  return [
    flag("core", 0),
    flag("nofile", OPEN_FILES),
    ...(cpuSeconds === undefined ? [] : [flag("cpu", cpuSeconds)]),
    ...(fileSizeBytes === undefined ? [] : [flag("fsize", fileSizeBytes)]),
  ];
}
