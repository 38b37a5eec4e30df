import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { forkService } from "../../../src/process/fork-service.ts";

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "ladderd-fork-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function program(name: string, source: string): Promise<URL> {
  const path = join(dir, `${name}.mjs`);
  await writeFile(path, source);
  return pathToFileURL(path);
}

const isAlive = (pid: number | undefined): boolean => {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
};
const parseReady = (message: unknown): unknown => message;
const OBEDIENT = `process.on("disconnect", () => process.exit(0)); process.on("SIGINT", () => {});
  process.send({ input: JSON.parse(process.argv[2]), env: Object.keys(process.env) }); setInterval(() => {}, 1000);`;

describe("a forked service", () => {
  it("gets its input but no environment, and is gone after close", async () => {
    const service = await forkService({ entry: await program("obedient", OBEDIENT), input: { a: 1 }, parseReady });
    expect(service.ready).toMatchObject({ input: { a: 1 } });
    expect(service.ready).not.toHaveProperty("env", expect.arrayContaining(["PATH"]));
    await Promise.all([service.close(), service.close()]);
    expect(isAlive(service.pid)).toBe(false);
  });

  it("is killed when it does not go by itself", async () => {
    const entry = await program("stubborn", `process.on("disconnect", () => {}); process.send(1); setInterval(() => {}, 1000);`);
    const service = await forkService({ entry, input: null, parseReady });
    await service.close();
    expect(isAlive(service.pid)).toBe(false);
  });

  it("is refused with the end of its stderr when it ends before it is ready", async () => {
    const entry = await program("broken", `console.error("no luck"); process.exit(3);`);
    await expect(forkService({ entry, input: null, parseReady })).rejects.toThrow(/exit code 3.*no luck/);
  });

  it("is reaped when its ready message is not the one expected", async () => {
    const entry = await program("strange", OBEDIENT);
    const refuse = (): never => {
      throw new Error("not that");
    };
    await expect(forkService({ entry, input: null, parseReady: refuse })).rejects.toThrow("not that");
  });

  it("reports its own death", async () => {
    const entry = await program("mortal", `process.send(1); setTimeout(() => process.exit(4), 20);`);
    const death = Promise.withResolvers<Error>();
    const service = await forkService({ entry, input: null, parseReady, onDeath: death.resolve });
    expect((await death.promise).message).toContain("exit code 4");
    await service.close();
  });

  it("dies with a parent that was killed", async () => {
    const module = new URL("../../../src/process/fork-service.ts", import.meta.url);
    const entry = await program("orphan", OBEDIENT);
    const parent = await program(
      "parent",
      `import { forkService } from ${JSON.stringify(module.href)};
       const service = await forkService({ entry: new URL(${JSON.stringify(entry.href)}), input: 0, parseReady: (m) => m });
       console.log(service.pid);`,
    );
    const running = spawn(process.execPath, [parent.pathname], { stdio: ["ignore", "pipe", "inherit"] });
    const [line]: unknown[] = await once(running.stdout, "data");
    const pid = Number(String(line));
    expect(isAlive(pid)).toBe(true);
    running.kill("SIGKILL");
    await once(running, "close");
    await expect.poll(() => isAlive(pid), { timeout: 2_000 }).toBe(false);
  });
});
