import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { readFile } from "node:fs/promises";
import { mustRun } from "./command.ts";

/** What a container engine gives a process: a root of its own, and nothing of the machine but its network. */
export interface Container {
  /** The folder that is its root. */
  readonly root: string;
  readonly isReadOnly: boolean;
  readonly env: ReadonlyMap<string, string>;
  readonly cwd: string;
  /** 0:0 is root with every capability, as in a build; another one has none. */
  readonly user: string;
  /** Folders of the machine at places of the container that may be written. */
  readonly volumes?: ReadonlyMap<string, string>;
  /** Files of the machine at places of the container. */
  readonly files?: ReadonlyMap<string, string>;
}

const flags = (name: string, entries: Iterable<readonly [string, string]>): readonly string[] =>
  [...entries].flatMap((entry) => [name, ...entry]);

/** The command line that runs a program as process 1 of the container, with an engine's seccomp profile left off, as docs/image.md asks. */
export function containerCommand(container: Container, argv: readonly string[]): readonly string[] {
  const { root, isReadOnly, env, cwd, user, volumes = new Map(), files = new Map() } = container;
  const [uid = "", gid = ""] = user.split(":");
  const asUser = ["setpriv", "--reuid", uid, "--regid", gid, "--clear-groups", "--bounding-set", "-all", "--inh-caps", "-all", "--"];
  return [
    ...["bwrap", isReadOnly ? "--ro-bind" : "--bind", root, "/"],
    ...["--proc", "/proc", "--dev", "/dev", "--unshare-pid", "--unshare-ipc", "--as-pid-1", "--die-with-parent", "--cap-add", "ALL"],
    ...(isReadOnly ? [] : ["--perms", "1777", "--tmpfs", "/tmp"]),
    ...flags(
      "--bind",
      [...volumes].map(([at, folder]) => [folder, at] as const),
    ),
    ...flags(
      "--ro-bind",
      [...files].map(([at, file]) => [file, at] as const),
    ),
    ...["--clearenv", ...flags("--setenv", env), "--chdir", cwd, "--"],
    ...(user === "0:0" ? [] : asUser),
    ...argv,
  ];
}

const MINUTES = 60_000;

/** Runs a program in it to its end; resolves to its output, rejects with its last words when it fails. */
export async function runInside(container: Container, argv: readonly string[]): Promise<string> {
  const [file = "", ...args] = containerCommand(container, argv);
  return mustRun(file, args, { timeoutMs: 10 * MINUTES });
}

/** Starts a program in it. Signals go to process 1, as an engine's do. */
export function startInside(container: Container, argv: readonly string[]) {
  const [file = "", ...args] = containerCommand(container, argv);
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] });
  return { child, signal: async (name: NodeJS.Signals) => process.kill(await firstProcess(child), name) };
}

/** bwrap itself stays outside and waits for it. */
async function firstProcess({ pid = 0 }: ChildProcess): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  const first = Number(children.trim().split(" ")[0]);
  if (!(first > 0)) throw new Error("the container has no process");
  return first;
}
