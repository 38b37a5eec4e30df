import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { copyModules, NODE, requireDigest } from "../../../deploy/build-artifact.ts";
import type { TemporaryFolder } from "../../helpers/temporary-folder.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";
import { buildInto } from "../../support/build.ts";
import { command, mustRun } from "../../support/command.ts";
import { childEnvironment } from "../../support/daemon.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

describe("the modules of a release", () => {
  it("are enough for the whole pipeline and for PM2, and hold nothing of the tests", async () => {
    const main = await buildInto(folder.in("build"));
    const release = folder.in("release");
    await mkdir(release);
    for (const name of ["dist", "config", "package.json"])
      await cp(join(folder.in("build"), name), join(release, name), { recursive: true });
    copyModules(release);
    const env = childEnvironment({
      ...{ NODE_ENV: "production", LADDERD_SANDBOX: "auto", LADDERD_LADDER: "h264-fast", LADDERD_WORK_DIR: folder.in("work") },
      ...{ LADDERD_QUEUE_URL: "http://127.0.0.1:1/q", LADDERD_UPLOAD_BUCKETS: "uploads" },
      ...{ LADDERD_PUBLISH_BUCKET: "published", LADDERD_STATE_BUCKET: "states" },
    });
    const built = join(release, main.slice(folder.in("build").length));
    const { exitCode, stdout, stderr } = await command(process.execPath, [built, "start", "--self-test"], { env, cwd: release });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toContain("good, v360 v240 a-en");
    const pm2 = (action: string): Promise<string> =>
      mustRun(process.execPath, [join(release, "node_modules/pm2/bin/pm2"), action], {
        env: childEnvironment({ PM2_HOME: folder.in("pm2"), PM2_DISCRETE_MODE: "true", PM2_DISABLE_VERSION_CHECK: "true" }),
      });
    try {
      expect(await pm2("ping")).toContain("pong");
    } finally {
      await pm2("kill");
    }
    const modules = (await mustRun("ls", [join(release, "node_modules")])).split("\n");
    expect(modules).toContain("@aws-sdk");
    for (const tool of ["vitest", "typescript", "fauxqs", "playwright-core", "knip"]) expect(modules).not.toContain(tool);
  });
});

describe("Node in a release", () => {
  it("is the archive that npm installed here", async () => {
    const lock = z.object({ packages: z.record(z.string(), z.object({ integrity: z.string() })) });
    const text = await readFile(join(ROOT, "node_modules/node/node_modules/.package-lock.json"), "utf8");
    const { integrity } = lock.parse(JSON.parse(text)).packages[`node_modules/node-linux-${process.arch}`] ?? { integrity: "" };
    expect(Object.values(NODE.integrity)).toContain(integrity);
  });

  it("is refused when its archive is another one", async () => {
    await writeFile(folder.in("archive.tgz"), "something else");
    expect(() => requireDigest(folder.in("archive.tgz"), NODE.integrity.arm64)).toThrow("is not the archive that was meant");
  });
});
