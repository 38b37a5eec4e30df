import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { copyFile, cp, mkdir, readFile, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { parse } from "yaml";

const EVENTS = ["ApplicationStop", "BeforeInstall", "Install", "AfterInstall", "ApplicationStart", "ValidateService"] as const;
/** A lifecycle event of a deployment in place, in CodeDeploy's order; DownloadBundle comes after the first. */
export type LifecycleEvent = (typeof EVENTS)[number];

/** A hook that was run. */
export interface HookRun {
  readonly event: LifecycleEvent;
  /** The script's file, inside the archive of the deployment that it came with. */
  readonly script: string;
  readonly exitCode: number | null;
  readonly output: string;
}

/** What became of a deployment. */
export interface Deployment {
  readonly id: string;
  readonly hooks: readonly HookRun[];
  /** The event that failed; the ones after it did not take place. */
  readonly failedAt?: LifecycleEvent;
}

export interface AgentOptions {
  /** Stands for / on the instance. */
  readonly root: string;
  /** Where the agent keeps its archives. */
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
}

/** An instance with a CodeDeploy agent on it. */
export interface Agent {
  /** Deploys a revision in place; a failed event ends it. */
  deploy(id: string, revision: string, env?: Readonly<Record<string, string>>): Promise<Deployment>;
  /** Runs the hooks of one event of a deployment that was made, once more. */
  again(id: string, event: LifecycleEvent): Promise<readonly HookRun[]>;
}

const seconds = z.int().positive();
const appspec = z.strictObject({
  version: z.literal(0),
  os: z.literal("linux"),
  files: z.array(z.strictObject({ source: z.string(), destination: z.string().startsWith("/") })),
  hooks: z.record(
    z.enum(EVENTS).exclude(["Install"]),
    z.array(z.strictObject({ location: z.string(), timeout: seconds, runas: z.literal("root") })),
  ),
});
/** appspec.yml as CodeDeploy reads it, and no key more. */
export type AppSpec = z.infer<typeof appspec>;

/** Reads the appspec.yml of a revision. */
export async function readAppSpec(revision: string): Promise<AppSpec> {
  return appspec.parse(parse(await readFile(join(revision, "appspec.yml"), "utf8")));
}

/** CodeDeploy's agent as far as a deployment in place goes, after lib/instance_agent/plugins/codedeploy of its source. */
export function startAgent(options: AgentOptions): Agent {
  const archiveOf = (id: string): string => join(options.home, id, "deployment-archive");
  /** Its installer notes each file and folder it makes, and removes them before the next Install. */
  let made: readonly string[] = [];
  /** The deployment whose Install succeeded last: ApplicationStop is its business, whatever became of it after. */
  let installed: string | undefined;

  const install = async (id: string): Promise<void> => {
    for (const path of made.toReversed()) await removeMade(path);
    made = await copyFiles(archiveOf(id), options.root);
    installed = id;
  };
  const hooksOf = async (id: string, event: LifecycleEvent, env: Readonly<Record<string, string>>): Promise<readonly HookRun[]> => {
    if (event === "Install") throw new Error("Install has no hooks");
    const runs: HookRun[] = [];
    const source = event === "ApplicationStop" ? installed : id;
    if (source === undefined) return runs;
    for (const { location, timeout } of (await readAppSpec(archiveOf(source))).hooks[event] ?? []) {
      const script = join(archiveOf(source), location);
      const names = { DEPLOYMENT_ID: id, LIFECYCLE_EVENT: event, APPLICATION_NAME: "ladderd", DEPLOYMENT_GROUP_NAME: "workers" };
      runs.push({ event, script, ...(await runHook(script, { ...options.env, ...env, ...names }, timeout)) });
      if (runs.at(-1)?.exitCode !== 0) break;
    }
    return runs;
  };
  const deploy = async (id: string, revision: string, env: Readonly<Record<string, string>> = {}): Promise<Deployment> => {
    const hooks: HookRun[] = [];
    for (const event of EVENTS) {
      if (event === "Install") await install(id);
      else hooks.push(...(await hooksOf(id, event, env)));
      if (hooks.some(({ exitCode }) => exitCode !== 0)) return { id, hooks, failedAt: event };
      if (event === "ApplicationStop") await cp(revision, archiveOf(id), { recursive: true });
    }
    return { id, hooks };
  };
  return { deploy, again: (id, event) => hooksOf(id, event, {}) };
}

/** installer.rb: what is not there any more is ignored, a folder with something in it is an error. */
async function removeMade(path: string): Promise<void> {
  if (!existsSync(path)) return;
  if (path.endsWith("/")) await rmdir(path);
  else await rm(path);
}

/** Copies single files, the only kind that our appspec names, and the folders they need; a file that is there is an error. */
async function copyFiles(archive: string, root: string): Promise<readonly string[]> {
  const made: string[] = [];
  for (const { source, destination } of (await readAppSpec(archive)).files) {
    const folder = root + destination;
    for (const missing of missingFolders(folder)) {
      await mkdir(missing);
      made.push(`${missing}/`);
    }
    const file = join(folder, basename(source));
    if (existsSync(file)) throw new Error(`a specified file already exists at this location: ${file}`);
    await copyFile(join(archive, source), file);
    made.push(file);
  }
  return made;
}

const missingFolders = (folder: string): readonly string[] => (existsSync(folder) ? [] : [...missingFolders(dirname(folder)), folder]);

/**
 * hook_executor.rb: a process group of its own, no input, and the hook has ended when its output has: a program that goes on
 * with a copy of a descriptor would hold it up to the timeout. One more descriptor stands for what an agent may leave open.
 */
async function runHook(
  script: string,
  env: Readonly<Record<string, string>>,
  timeoutSeconds: number,
): Promise<Pick<HookRun, "exitCode" | "output">> {
  const child = spawn(script, [], { env, detached: true, stdio: ["ignore", "pipe", "pipe", "pipe"] });
  const timer = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, "SIGTERM"), timeoutSeconds * 1000);
  const outputs = child.stdio.flatMap((stream) => (isReadable(stream) ? [text(stream)] : []));
  const [exitCode, ...texts] = await Promise.all([once(child, "exit").then(() => child.exitCode), ...outputs]);
  clearTimeout(timer);
  return { exitCode, output: texts.join("") };
}

const isReadable = (stream: unknown): stream is Readable => typeof stream === "object" && stream !== null && "read" in stream;
