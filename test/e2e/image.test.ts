import { readdir, readFile } from "node:fs/promises";
import { chown, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { makeClip } from "../support/clips.ts";
import { command } from "../support/command.ts";
import type { Container } from "../support/container.ts";
import { containerCommand, runInside, startInside } from "../support/container.ts";
import { parseDockerfile } from "../support/dockerfile.ts";
import type { Image } from "../support/image.ts";
import { buildStage, makeBase, plainImage } from "../support/image.ts";
import { publishedAt } from "../support/published.ts";
import { send } from "../support/queue.ts";
import type { Site } from "../support/site.ts";
import { openSite, QUIET_BUCKET, uploadFile } from "../support/site.ts";
import { until } from "../support/until.ts";

/**
 * The image without a container engine. What an engine does beside the steps is stood in for: FROM by Debian's suite of that
 * image's name with this Node in /usr/local, an engine's process by bubblewrap with a root and process ids of its own. What
 * cannot be shown here: the registry's own image, a build for arm64 (nothing in it depends on the platform but Debian's
 * packages and Node), and an engine's seccomp profile.
 */
const ROOT = resolve(import.meta.dirname, "../..");
const MINUTES = 60_000;
const mayBuild = process.getuid?.() === 0;
if (!mayBuild) process.stderr.write("the test of the image is skipped: its steps need root\n");

let folder: string;
let site: Site;
let image: Image;
let local: Image;

beforeAll(async () => {
  if (!mayBuild) return;
  folder = await mkdtemp(join(tmpdir(), "ladderd-image-"));
  site = await openSite("image");
  ({ worker: image, dev: local } = await buildImages(parseDockerfile(await readFile(join(ROOT, "Dockerfile"), "utf8")), folder));
}, 10 * MINUTES);
afterAll(async () => {
  if (!mayBuild) return;
  await site[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

/** Every stage; what does not depend on each other side by side. */
async function buildImages(stages: ReturnType<typeof parseDockerfile>, at: string) {
  const byName = new Map(stages.map((stage) => [stage.name, stage]));
  const [base = ""] = new Set(stages.map(({ from }) => from).filter((from) => !byName.has(from)));
  await makeBase(base, join(at, "base"));
  const images = new Map<string, Image>([[base, plainImage(join(at, "base"))]]);
  const rootOf = (name: string): Image => images.get(name) ?? plainImage(`${name} is not built yet`);
  const build = async (name: string): Promise<void> => {
    const stage = byName.get(name);
    if (!stage) throw new Error(`the Dockerfile has no stage ${name}`);
    images.set(name, await buildStage(stage, { rootOf, folder: at, caches: join(at, "cache") }));
  };
  const modules = async (): Promise<void> => {
    await build("modules");
    await build("build");
  };
  await Promise.all([build("programs"), modules()]);
  await Promise.all([build("worker"), build("dev")]);
  return { worker: rootOf("worker"), dev: rootOf("dev") };
}

/** The worker as `docker run --read-only` would start it, with a volume of its own. */
async function asRun(name: string, more: Readonly<Record<string, string>> = {}): Promise<Container> {
  const volume = join(folder, `volume-${name}`);
  await mkdir(join(volume, "work"), { recursive: true });
  for (const path of [volume, join(volume, "work")]) await chown(path, 1000, 1000);
  const { LADDERD_WORK_DIR: _, ...aws } = site.daemonEnv(name);
  const env = new Map([...image.env, ...Object.entries({ ...aws, LADDERD_INTERRUPTIONS: "off", ...more })]);
  const volumes = new Map(image.volumes.map((at) => [at, volume]));
  return { root: image.root, isReadOnly: true, env, cwd: image.workdir, user: image.user, volumes };
}

const inImage = (container: Container, argv: readonly string[]): Promise<string> => runInside(container, [...image.entrypoint, ...argv]);

describe.runIf(mayBuild)("the image", () => {
  test("holds what production needs and no more", async () => {
    const lock = z.object({
      packages: z.record(
        z.string(),
        z.looseObject({ dev: z.boolean().optional(), optional: z.boolean().optional(), link: z.boolean().optional() }),
      ),
    });
    const { packages } = lock.parse(JSON.parse(await readFile(join(ROOT, "package-lock.json"), "utf8")));
    const installed = new Set(await packagesIn(join(image.root, "app/node_modules")));
    const named = Object.entries(packages).filter(([path, { link }]) => path.startsWith("node_modules/") && !link);
    expect(named.filter(([path, { dev }]) => dev && installed.has(path)).map(([path]) => path)).toEqual([]);
    expect(named.filter(([path, { dev, optional }]) => !dev && !optional && !installed.has(path)).map(([path]) => path)).toEqual([]);
    expect((await readdir(join(image.root, "app"))).toSorted()).toEqual(["LICENSE", "config", "dist", "node_modules", "package.json"]);
  });

  test("is nobody's to change: its user is not root and can write to the volume alone", async () => {
    expect(image.user).toBe("1000:1000");
    const container = { ...(await asRun("writable")), isReadOnly: false };
    // It ends with 1 for what its user may not look into.
    const [file = "", ...args] = containerCommand(container, ["find", "/", "-xdev", "-writable", "!", "-type", "l"]);
    const found = (await command(file, args)).stdout;
    expect(found).toContain("/var/lib/ladderd/work");
    const ours = /^\/(?:tmp|var\/tmp|dev|run\/lock|home\/node|var\/lib\/ladderd|proc)(?:\/|$)/;
    expect(found.split("\n").filter((path) => path !== "" && !ours.test(path))).toEqual([]);
  });

  test("says what it is, and how it is reached and stopped", () => {
    expect(Object.fromEntries(image.labels)).toMatchObject({
      "org.opencontainers.image.title": "ladderd",
      "org.opencontainers.image.licenses": "Apache-2.0",
    });
    expect(image.exposed).toEqual([image.env.get("LADDERD_HTTP_PORT")]);
    expect(image.stopSignal).toBe("SIGTERM");
    expect(image.entrypoint).toEqual(["tini", "--"]);
  });

  test("starts by its configuration, and says what is wrong with it", async () => {
    const container = await asRun("config");
    const config = z
      .looseObject({ workDir: z.string(), sandbox: z.string() })
      .parse(JSON.parse(await inImage(container, [...image.cmd, "--check-config"])));
    expect(config).toMatchObject({ workDir: "/var/lib/ladderd/work", sandbox: "required", http: { host: "0.0.0.0", port: 9464 } });
    const nothing = { ...container, env: image.env };
    const [file = "", ...args] = containerCommand(nothing, [...image.entrypoint, ...image.cmd, "--check-config"]);
    expect((await command(file, args)).exitCode).toBe(78);
  });

  test("passes the doctor with every fence in place, on a root that cannot be written", async () => {
    const findings = z.array(z.object({ name: z.string(), status: z.string(), detail: z.string() }));
    const found = findings.parse(JSON.parse(await inImage(await asRun("doctor"), ["node", "dist/main.js", "doctor", "--json"])));
    expect(found.filter(({ status }) => status === "failed")).toEqual([]);
    expect(found).toEqual(
      expect.arrayContaining(["packager", "sandbox", "work folder"].map((name) => expect.objectContaining({ name, status: "ok" }))),
    );
    // Debian patches its ffmpeg without counting up, of which the doctor warns (R-X14).
    expect(found.find(({ name }) => name === "ffmpeg")?.status).toMatch(/^(?:ok|warning)$/);
  });

  test("works, is healthy while it does, and ends as it is told", async () => {
    await makeClip(site.path("film.mp4"), { seconds: 2, size: "320x180" });
    await uploadFile(site, site.path("film.mp4"), { bucket: QUIET_BUCKET, key: "film.mp4" });
    const container = await asRun("works", { LADDERD_HTTP_PORT: "19464", LADDERD_HTTP_HOST: "127.0.0.1" });
    const isHealthy = async (): Promise<boolean> => {
      const [file = "", ...args] = containerCommand(container, image.healthcheck);
      return (await command(file, args)).exitCode === 0;
    };
    expect(await isHealthy()).toBe(false);
    const { child, signal } = startInside(container, [...image.entrypoint, ...image.cmd]);
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
    child.stderr.on("data", (text: Buffer) => lines.push(text.toString()));
    const ended = new Promise((done) => child.once("exit", (code, by) => done(by ?? code)));
    try {
      await until("it receives", () => (lines.some((line) => line.includes('"receiving"')) ? true : undefined), MINUTES);
      expect(await isHealthy()).toBe(true);
      await send(site, { ladderd: 1, source: { bucket: QUIET_BUCKET, key: "film.mp4" }, assetPath: "film" });
      await until("it publishes", () => (lines.some((line) => line.includes('"revision published"')) ? true : undefined), 3 * MINUTES);
      expect((await publishedAt(site, "film")).durationSeconds).toBe(2);
      await signal("SIGTERM");
      expect(await ended).toBe(0);
      expect(await isHealthy()).toBe(false);
    } catch (error) {
      throw new Error(lines.slice(-20).join("\n"), { cause: error });
    } finally {
      child.kill("SIGKILL");
      await ended;
    }
  });
});

test.runIf(mayBuild)(
  "the image of the local stack transcodes with its embedded AWS",
  async () => {
    await makeClip(site.path("clip.mp4"), { seconds: 1, size: "320x180" });
    const container = {
      ...{ root: local.root, isReadOnly: false, cwd: local.workdir, user: local.user },
      env: new Map([
        ...local.env,
        ["LADDERD_HTTP_HOST", "127.0.0.1"],
        ["LADDERD_HTTP_PORT", "0"],
        ["LADDERD_LADDER", "h264-fast"],
      ] as const),
      files: new Map([["/media/clip.mp4", site.path("clip.mp4")]]),
    };
    const [node = "", main = "", dev = ""] = local.cmd;
    const said = await runInside(container, [...local.entrypoint, node, main, dev, "--port", "0", "--once", "/media/clip.mp4"]);
    expect(said).toContain("index.m3u8");
  },
  3 * MINUTES,
);

/** `node_modules/a`, `node_modules/@b/c`, and those below them. */
async function packagesIn(at: string, prefix = "node_modules"): Promise<readonly string[]> {
  const names = await readdir(at).catch((): readonly string[] => []);
  const found = await Promise.all(
    names
      .filter((name) => !name.startsWith("."))
      .map(async (name) => {
        if (name.startsWith("@")) return packagesIn(join(at, name), `${prefix}/${name}`);
        const path = `${prefix}/${name}`;
        return [path, ...(await packagesIn(join(at, name, "node_modules"), `${path}/node_modules`))];
      }),
  );
  return found.flat();
}
