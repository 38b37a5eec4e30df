import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import type { TemporaryFolder } from "../helpers/temporary-folder.ts";
import { temporaryFolder } from "../helpers/temporary-folder.ts";
import type { Pm2 } from "../support/pm2.ts";
import { closePm2, openPm2 } from "../support/pm2.ts";
import { until } from "../support/until.ts";

const ROOT = resolve(import.meta.dirname, "../..");
let folder: TemporaryFolder;
let pm2: Pm2;

beforeAll(async () => {
  folder = await temporaryFolder();
  await mkdir(folder.in("dist"));
  await copyFile(resolve(ROOT, "ecosystem.config.js"), folder.in("ecosystem.config.js"));
  await writeFile(folder.in("package.json"), '{ "type": "module" }');
  pm2 = openPm2(folder.in("home"), { cwd: folder.path, env: {} });
});
afterAll(async () => {
  await closePm2(pm2);
  await folder[Symbol.asyncDispose]();
});

const listed = z.tuple([
  z.looseObject({
    pid: z.int(),
    pm2_env: z.looseObject({ status: z.string(), restart_time: z.int(), prev_restart_delay: z.number().default(0) }),
  }),
]);
const state = async () => {
  const [{ pm2_env }] = listed.parse(JSON.parse(await pm2.run("jlist")));
  return pm2_env;
};
/** A worker in the place of ours that ends like this as soon as it starts. */
const startOneThatEndsWith = async (exitCode: number): Promise<void> => {
  await writeFile(folder.in("dist/main.js"), `process.exit(${exitCode});\n`);
  await pm2.run("start", "ecosystem.config.js");
};

test("fault 64: a worker that cannot start is started again ever more slowly, and never given up", async () => {
  await startOneThatEndsWith(78);
  // PM2 counts restarts against its budget of 16 for the first 16 s; the seventh comes after them.
  const later = await until(
    "the seventh restart",
    async () => {
      const now = await state();
      return now.restart_time >= 7 ? now : undefined;
    },
    90_000,
  );
  expect(later.restart_time).toBeLessThan(10);
  expect(later.prev_restart_delay).toBeGreaterThan(7000);
  expect(["waiting restart", "online", "launching"]).toContain(later.status);
  await pm2.run("delete", "ladderd");
});

test("a worker that ends with 0, as it does when its instance goes, is not started again", async () => {
  await startOneThatEndsWith(0);
  await new Promise((wait) => setTimeout(wait, 4000));
  expect((await state()).restart_time).toBe(0);
});
