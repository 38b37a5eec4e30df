import { dirname, isAbsolute, join } from "node:path";
import type { Command, CommandResult } from "./run-command.ts";
import { runCommand } from "./run-command.ts";

/** Which of the kernel's fences this machine lets us put around a child. */
export interface SandboxAbilities {
  /** `bwrap`: file systems, processes and a network of its own; the child sees system libraries and what it is given (R-X3b). */
  readonly ownFiles: boolean;
  /** `unshare -rn`: a network namespace with no interface. */
  readonly noNetwork: boolean;
  /** `setpriv --pdeathsig`: the child dies with the worker (RELIABILITY.md E6). */
  readonly diesWithParent: boolean;
  /** `prlimit`, `choom` and `nice`: processor time, memory, file size, open files, core; who gives way to whom. */
  readonly limits: boolean;
}

export type SandboxMode = "required" | "auto" | "off";

/** No fence at all. */
export const NO_FENCES: SandboxAbilities = { ownFiles: false, noNetwork: false, diesWithParent: false, limits: false };

/** What one child may see and use up. Paths are absolute. */
export interface ProcessNeeds {
  /** Files and folders that it may read; with `writes` all that it sees beside the system's programs and libraries. */
  readonly reads: readonly string[];
  /** Files and folders that it may change; they exist. */
  readonly writes?: readonly string[];
  readonly cpuSeconds?: number;
  readonly fileSizeBytes?: number;
  /** Of its own, whether touched or not; 8 GiB when absent. */
  readonly memoryBytes?: number;
}

const OPEN_FILES = 1024;
/** ffprobe takes 160 MB for 2160p and not four times as much for the largest picture there may be. */
const MEMORY_BYTES = 8 * 1024 ** 3;

/** Where memory or processors run short the worker goes first: its leases live of heartbeats, and a child is tried again. */
const GIVES_WAY = ["choom", "-n", "500", "--", "nice", "-n", "5", "--"];

/**
 * Programs and libraries, and where the loader and Debian's alternatives look for them. Nothing of it is secret, nothing can
 * be written, and there is no /proc: the encoders count processors by their affinity.
 */
const SYSTEM = [
  ...["--ro-bind", "/usr", "/usr"],
  ...["/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/alternatives"].flatMap((path) => ["--ro-bind-try", path, path]),
  ...["/dev/null", "/dev/urandom"].flatMap((path) => ["--dev-bind", path, path]),
];
/** A root of its own keeps its capabilities unless they are dropped; the rest of the flags hold for every user. */
const BUBBLEWRAP = ["bwrap", "--unshare-all", "--die-with-parent", "--cap-drop", "ALL", ...SYSTEM];
/** Without it the root of the fence is memory that a child could fill. */
const SEALED = ["--remount-ro", "/", "--"];

const ABILITY_CHECKS = {
  noNetwork: { command: "unshare", args: ["-rn", "true"] },
  diesWithParent: { command: "setpriv", args: ["--pdeathsig", "KILL", "--no-new-privs", "true"] },
  limits: { command: "prlimit", args: ["--core=0:0", "--", ...GIVES_WAY, "true"] },
} as const satisfies Record<string, Command>;

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
  // Behind the others: AppArmor and setuid installations of bwrap may refuse what has no new privileges.
  const whole = { ownFiles: true, noNetwork: true, diesWithParent, limits };
  const ownFiles = await works(sandboxed({ command: "true", args: [] }, { reads: [] }, whole));
  return { ...whole, ownFiles, noNetwork: noNetwork || ownFiles };
}

/** How each missing fence is called, and how to get it. */
const HOW_TO_GET = {
  ownFiles: "bwrap (apt-get install bubblewrap; it needs user namespaces)",
  noNetwork: "unshare -rn (user namespaces)",
  diesWithParent: "setpriv (apt-get install util-linux)",
  limits: "prlimit or choom (apt-get install util-linux)",
} as const satisfies Record<keyof SandboxAbilities, string>;

/** The abilities to use under `mode`; `missing` names what `required` would have to refuse for. */
export function chooseSandbox(mode: SandboxMode, found: SandboxAbilities): { abilities: SandboxAbilities; missing: readonly string[] } {
  if (mode === "off") return { abilities: { ...NO_FENCES, diesWithParent: found.diesWithParent }, missing: [] };
  const missing = [
    ...(found.ownFiles ? [] : [HOW_TO_GET.ownFiles]),
    ...(found.noNetwork ? [] : [HOW_TO_GET.noNetwork]),
    ...(found.diesWithParent ? [] : [HOW_TO_GET.diesWithParent]),
    ...(found.limits ? [] : [HOW_TO_GET.limits]),
  ];
  return { abilities: found, missing };
}

/** A parent that died before the signal was asked for sends none: whoever has another one by now does not begin. */
const OF_THE_LIVING = ["sh", "-c", 'test "$PPID" = "$0" && exec "$@"', `${process.pid}`];

/**
 * The command inside its fences, outermost first: limits, the death signal, then a world of its own. `unshare` changes
 * credentials, which clears a death signal that came before it. Of the group's TERM bwrap dies first, and the kernel ends
 * all that it holds at once.
 */
export function sandboxed({ command, args, cwd }: Command, needs: ProcessNeeds, abilities: SandboxAbilities): Command {
  const deathSignal = abilities.diesWithParent ? ["setpriv", "--pdeathsig", "KILL", "--no-new-privs", "--", ...OF_THE_LIVING] : [];
  const noNetwork = abilities.noNetwork && !abilities.ownFiles ? ["unshare", "-rn", "--"] : [];
  const argv = [
    ...(abilities.limits ? ["prlimit", ...limitFlags(needs), "--", ...GIVES_WAY] : []),
    ...noNetwork,
    ...deathSignal,
    ...(abilities.ownFiles ? [...BUBBLEWRAP, ...bindings(command, needs), ...SEALED] : []),
    command,
    ...args,
  ];
  const [first = command, ...rest] = argv;
  return { command: first, args: rest, ...(cwd ? { cwd } : {}), ...(abilities.ownFiles ? { signalsAsCodes: true } : {}) };
}

/** What setpriv and the shell answer for a program that is not there or may not run. */
const NOT_STARTED: ReadonlySet<number | null> = new Set([126, 127]);

/** Whether a fence could not start its program: it is not there, or a file is gone that it was to see. */
export const neverStarted = ({ ended, exitCode, stderrTail }: CommandResult): boolean =>
  ended === "exit" && (NOT_STARTED.has(exitCode) || (exitCode === 1 && stderrTail.startsWith("bwrap: ")));

/** Folders first, so that what is given inside one of them lies on top of it. */
function bindings(command: string, { reads, writes = [] }: ProcessNeeds): string[] {
  return [
    ...programFiles(command),
    ...writes.flatMap((path) => ["--bind", path, path]),
    ...reads.flatMap((path) => ["--ro-bind", path, path]),
  ];
}

/** A program of its own installation comes with the libraries beside its folder. */
function programFiles(command: string): string[] {
  if (!isAbsolute(command) || /^\/(usr|bin|lib|lib64)\//.test(command)) return [];
  const libraries = join(dirname(dirname(command)), "lib");
  return ["--ro-bind", command, command, "--ro-bind-try", libraries, libraries];
}

/** Where soft and hard limit are one, the kernel kills instead of telling by SIGXCPU what it was. */
const CPU_GRACE_SECONDS = 2;

function limitFlags({ cpuSeconds, fileSizeBytes, memoryBytes = MEMORY_BYTES }: ProcessNeeds): string[] {
  const flag = (name: string, value: number, hard = value): string => `--${name}=${Math.ceil(value)}:${Math.ceil(hard)}`;
  return [
    flag("core", 0),
    flag("nofile", OPEN_FILES),
    // What it can write, and not its address space: of that, allocators reserve 64 MB for every thread and use little.
    flag("data", memoryBytes),
    ...(cpuSeconds === undefined ? [] : [flag("cpu", cpuSeconds, cpuSeconds + CPU_GRACE_SECONDS)]),
    ...(fileSizeBytes === undefined ? [] : [flag("fsize", fileSizeBytes)]),
  ];
}
