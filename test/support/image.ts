import { cp, mkdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { realpath } from "node:fs/promises";
import { mustRun } from "./command.ts";
import type { Container } from "./container.ts";
import { runInside } from "./container.ts";
import type { Instruction, Stage } from "./dockerfile.ts";
import { fill, ignorePatterns, isIgnored, pairs, words } from "./dockerfile.ts";
import { requireTool } from "./tool.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/** What a stage comes to: files, and what an engine does with them. */
export interface Image {
  readonly root: string;
  readonly env: ReadonlyMap<string, string>;
  readonly labels: ReadonlyMap<string, string>;
  readonly workdir: string;
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly healthcheck: readonly string[];
  readonly healthcheckFlags: Readonly<Record<string, string>>;
  readonly exposed: readonly string[];
  readonly volumes: readonly string[];
  readonly stopSignal: string;
}

type Draft = { -readonly [Key in keyof Image]: Image[Key] } & { readonly arguments: Map<string, string> };

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The image that a Dockerfile's stages begin with: Debian's suite of its name, Node and npm in /usr/local, a user of id 1000. */
export async function makeBase(image: string, root: string): Promise<void> {
  const suite = /^node:24-(\w+)-slim$/.exec(image)?.[1];
  if (suite === undefined) throw new Error(`${image}: only node:24-SUITE-slim is known here`);
  const mirrors = [suite, `${suite}-updates`].map((name) => `deb http://deb.debian.org/debian ${name} main`);
  const security = `deb http://deb.debian.org/debian-security ${suite}-security main`;
  // Debian's own images set both options.
  const options = ["--dpkgopt=force-unsafe-io", '--aptopt=Acquire::Languages "none"'];
  await mustRun(requireTool("mmdebstrap"), ["--quiet", "--mode=root", "--variant=minbase", ...options, suite, root, ...mirrors, security], {
    timeoutMs: 600_000,
  });
  const npm = resolve(dirname(await realpath(await programOf("npm"))), "..");
  await cp(process.execPath, join(root, "usr/local/bin/node"));
  await cp(npm, join(root, "usr/local/lib/node_modules/npm"), { recursive: true });
  const links = ["npm", "npx"].map((name) => `ln -s ../lib/node_modules/npm/bin/${name}-cli.js /usr/local/bin/${name}`);
  await runInside(container({ root, env: new Map([["PATH", PATH]]), workdir: "/", user: "0:0" }), [
    ...["sh", "-ec", [...links, "groupadd -g 1000 node", "useradd -u 1000 -g node -m node"].join("\n")],
  ]);
}

async function programOf(name: string): Promise<string> {
  return (await mustRun("sh", ["-c", `command -v ${name}`])).trim();
}

export interface BuildOptions {
  readonly stages: readonly Stage[];
  /** The root of an image or a stage, by name; the stage's own is a copy. */
  readonly rootOf: (name: string) => Image;
  readonly folder: string;
  /** Where `--mount=type=cache` folders are kept. */
  readonly caches: string;
}

/** What stands for an image that no stage made. */
export const plainImage = (root: string): Image => ({
  root,
  env: new Map([["PATH", PATH]]),
  labels: new Map(),
  workdir: "/",
  user: "0:0",
  entrypoint: [],
  cmd: [],
  healthcheck: [],
  healthcheckFlags: {},
  exposed: [],
  volumes: [],
  stopSignal: "SIGTERM",
});

/** Builds one stage as an engine would: RUN inside, COPY from the context or another stage, the rest as settings. */
export async function buildStage(stage: Stage, { rootOf, folder, caches }: Omit<BuildOptions, "stages">): Promise<Image> {
  const root = join(folder, stage.name);
  const from = rootOf(stage.from);
  // Hard links: installers put new files in the place of old ones and do not write into them.
  await mustRun("cp", ["-al", from.root, root], { timeoutMs: 300_000 });
  const draft: Draft = { ...from, root, arguments: new Map() };
  for (const instruction of stage.instructions) await carryOut(instruction, draft, { rootOf, caches });
  return draft;
}

type Surroundings = Pick<BuildOptions, "rootOf" | "caches">;

async function carryOut(instruction: Instruction, draft: Draft, surroundings: Surroundings): Promise<void> {
  if (instruction.name === "RUN") return run(instruction, draft, surroundings);
  if (instruction.name === "COPY") return copy(instruction, draft, surroundings);
  return set(instruction, draft);
}

/** Inside, as root, with the network of the machine and its certificates: an engine would have its own. */
async function run({ flags, text }: Instruction, draft: Draft, { caches }: Surroundings): Promise<void> {
  const cache = /^type=cache,target=(\S+)$/.exec(flags["mount"] ?? "")?.[1];
  if (flags["mount"] !== undefined && cache === undefined) throw new Error(`RUN --mount=${flags["mount"]}: only a cache is known here`);
  if (cache !== undefined) await mkdir(join(draft.root, cache), { recursive: true });
  await mkdir(caches, { recursive: true });
  const inside = {
    ...container(draft),
    files: await networkFiles(),
    ...(cache === undefined ? {} : { volumes: new Map([[cache, caches]]) }),
    env: new Map([...draft.env, ...draft.arguments, ["NODE_EXTRA_CA_CERTS", CERTIFICATES] as const]),
  };
  await runInside(inside, ["sh", "-ec", text]);
}

const CERTIFICATES = "/run/certificates.pem";

async function networkFiles(): Promise<ReadonlyMap<string, string>> {
  const wanted = [
    ["/etc/resolv.conf", "/etc/resolv.conf"],
    [CERTIFICATES, "/etc/ssl/certs/ca-certificates.crt"],
  ] as const;
  const there = await Promise.all(
    wanted.map(async ([, file]) =>
      stat(file).then(
        () => true,
        () => false,
      ),
    ),
  );
  return new Map(wanted.filter((_, index) => there[index]));
}

/** A folder's contents into a folder, or files into one that ends in a slash. */
async function copy({ flags, text }: Instruction, draft: Draft, { rootOf }: Surroundings): Promise<void> {
  const { from: stage, ...others } = flags;
  if (Object.keys(others).length > 0) throw new Error(`COPY --${Object.keys(others).join(" --")} is not known here`);
  const names = text.split(/\s+/);
  const target = join(draft.root, resolve(draft.workdir, names.at(-1) ?? ""));
  const patterns = ignorePatterns(await readFile(join(ROOT, ".dockerignore"), "utf8"));
  for (const name of names.slice(0, -1)) {
    if (stage === undefined && isIgnored(name, patterns)) throw new Error(`COPY ${name}: .dockerignore leaves it out`);
    const source = stage === undefined ? join(ROOT, name) : join(rootOf(stage).root, name);
    const isFolder = (await stat(source)).isDirectory();
    await mkdir(isFolder ? dirname(target) : target, { recursive: true });
    await mustRun("cp", [
      ...(stage === undefined ? ["-a", "--no-preserve=ownership"] : ["-al"]),
      "--remove-destination",
      "-T",
      source,
      isFolder ? target : join(target, basename(name)),
    ]);
  }
}

const SETTERS: Readonly<Record<string, (draft: Draft, instruction: Instruction) => unknown>> = {
  ARG: (draft, { text }) => draft.arguments.set(text.split("=")[0] ?? "", text.split("=")[1] ?? ""),
  CMD: (draft, { text }) => (draft.cmd = words(text)),
  ENTRYPOINT: (draft, { text }) => (draft.entrypoint = words(text)),
  ENV: (draft, { text }) => (draft.env = new Map([...draft.env, ...pairs(text)])),
  EXPOSE: (draft, { text }) => (draft.exposed = [...draft.exposed, ...text.split(/\s+/)]),
  HEALTHCHECK: (draft, { text, flags }) => {
    draft.healthcheck = words(text.replace(/^CMD /, ""));
    draft.healthcheckFlags = flags;
  },
  LABEL: (draft, { text }) => (draft.labels = new Map([...draft.labels, ...pairs(fill(text, draft.arguments))])),
  STOPSIGNAL: (draft, { text }) => (draft.stopSignal = text),
  USER: (draft, { text }) => (draft.user = text),
  VOLUME: (draft, { text }) => (draft.volumes = [...draft.volumes, ...words(text)]),
  WORKDIR: (draft, { text }) => (draft.workdir = resolve(draft.workdir, text)),
};

async function set(instruction: Instruction, draft: Draft): Promise<void> {
  const setter = SETTERS[instruction.name];
  if (!setter) throw new Error(`${instruction.name} is not known here`);
  setter(draft, instruction);
  if (instruction.name === "WORKDIR") await mkdir(join(draft.root, draft.workdir), { recursive: true });
}

const container = ({ root, env, workdir, user }: Pick<Image, "root" | "env" | "workdir" | "user">): Container => ({
  root,
  isReadOnly: false,
  env,
  cwd: workdir,
  user,
});
