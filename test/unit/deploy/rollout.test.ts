import { accessSync, constants, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { NODE } from "../../../deploy/build-artifact.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { readAppSpec } from "../../support/codedeploy.ts";
import { parse } from "yaml";

const ROOT = resolve(import.meta.dirname, "../../..");
const ECOSYSTEM = "../../../ecosystem.config.js";
const read = (name: string): string => readFileSync(join(ROOT, name), "utf8");
const unit = read("deploy/systemd/ladderd-pm2.service");
const manifest = z
  .object({ scripts: z.record(z.string(), z.string()), devDependencies: z.record(z.string(), z.string()) })
  .parse(JSON.parse(read("package.json")));

describe("the budgets of a stop", () => {
  it("R-D4: each leaves room for the one before it, from the drain to the hook", async () => {
    const { drainSeconds, killTimeoutSeconds } = loadConfig({ env: { NODE_ENV: "production" } });
    const module: unknown = await import(ECOSYSTEM);
    const [app] = z.object({ apps: z.tuple([z.looseObject({ kill_timeout: z.number() })]) }).parse(module).apps;
    const { hooks } = await readAppSpec(ROOT);
    const chain = [
      drainSeconds,
      app.kill_timeout / 1000,
      Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]),
      hooks.ApplicationStop?.[0]?.timeout ?? 0,
      3600,
    ];
    expect(killTimeoutSeconds).toBe(app.kill_timeout / 1000);
    expect(chain).toEqual(chain.toSorted((a, b) => a - b));
    expect(new Set(chain).size).toBe(chain.length);
  });

  it("are checked by the hooks in the files that they come from", () => {
    expect(read("deploy/codedeploy/after-install.sh")).toMatch(/TimeoutStopSec=.*\n.*\/\^ {2}ApplicationStop:\//);
    expect(read("appspec.yml")).toMatch(/^ {2}ApplicationStop:$/m);
  });
});

describe("appspec.yml", () => {
  it("names hooks that are there and can be run", async () => {
    const { hooks } = await readAppSpec(ROOT);
    const scripts = Object.values(hooks).flatMap((runs) => runs.map(({ location }) => location));
    expect(scripts).toHaveLength(5);
    for (const script of scripts) expect(() => accessSync(join(ROOT, script), constants.X_OK)).not.toThrow();
  });
});

describe("buildspec.yml", () => {
  const buildspec = z
    .object({
      phases: z.record(z.string(), z.object({ commands: z.array(z.string()) })),
      artifacts: z.object({ "base-directory": z.string(), files: z.array(z.string()) }),
    })
    .parse(parse(read("buildspec.yml")));
  const commands = Object.values(buildspec.phases).flatMap(({ commands: list }) => list);

  it("installs, checks, tests and builds, each by a script of the package", () => {
    const scripts = commands.flatMap((command) => /^npm run (\S+)|^npm (test)$/.exec(command)?.slice(1).filter(Boolean) ?? []);
    expect(commands[0]).toBe("npm ci");
    expect(scripts).toEqual(["check", "test", "build", "artifact"]);
    expect(Object.keys(manifest.scripts)).toEqual(expect.arrayContaining(scripts));
  });

  it("hands on the folder that the artifact is made in, with Node for every kind of instance", () => {
    expect(commands.at(-1)).toContain(` ${buildspec.artifacts["base-directory"]} `);
    for (const architecture of Object.keys(NODE.integrity)) expect(commands.at(-1)).toContain(`--node ${architecture}`);
  });
});

it("production runs on the Node that the tests run on", () => {
  expect(NODE.version).toBe(manifest.devDependencies["node"]);
});

it("hooks and unit give the worker the same environment", () => {
  const hook = read("deploy/codedeploy/common.sh");
  const folders = { HOME: "$state", PM2_HOME: "$pm2_home", LADDERD_WORK_DIR: "$work_dir" };
  const places: Readonly<Record<string, string>> = { $state: "", $pm2_home: "/pm2", $work_dir: "/work" };
  for (const [name, place] of Object.entries(folders)) {
    expect(hook).toContain(`${name}="${place}"`);
    expect(unit).toContain(`${name}=/var/lib/ladderd${places[place] ?? "?"}`);
  }
  for (const setting of ["PM2_DISCRETE_MODE=true", "PM2_DISABLE_VERSION_CHECK=true", "NODE_ENV=production"])
    for (const text of [hook, unit]) expect(text).toContain(setting);
});

it("the CloudWatch agent reads the logs that PM2 writes and the disk that jobs fill", () => {
  const agent = z
    .object({
      logs: z.object({ logs_collected: z.object({ files: z.object({ collect_list: z.tuple([z.record(z.string(), z.string())]) }) }) }),
      metrics: z.object({ metrics_collected: z.object({ disk: z.object({ resources: z.array(z.string()) }), mem: z.object({}) }) }),
    })
    .parse(JSON.parse(read("deploy/cloudwatch/agent.json")));
  expect(agent.logs.logs_collected.files.collect_list[0]).toMatchObject({
    file_path: "/var/log/ladderd/*.log",
    log_group_name: "/ladderd/worker",
  });
  expect(unit).toMatch(/^LogsDirectory=ladderd$/m);
  expect(agent.metrics.metrics_collected.disk.resources).toContain("/var/lib/ladderd/work");
});
