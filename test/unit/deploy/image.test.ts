import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { SCHEMA_KEYS } from "../../../src/config/environment.ts";
import { ignorePatterns, isIgnored, pairs, parseDockerfile, words } from "../../support/dockerfile.ts";
import type { Stage } from "../../support/dockerfile.ts";
import { parse } from "yaml";

const ROOT = resolve(import.meta.dirname, "../../..");
const read = (name: string): string => readFileSync(join(ROOT, name), "utf8");

const stages = parseDockerfile(read("Dockerfile"));
const patterns = ignorePatterns(read(".dockerignore"));
const VARIABLES = new Set(["NODE_ENV", ...SCHEMA_KEYS.map(({ env }) => env)]);
const textsOf = ({ instructions }: Stage, name: string): readonly string[] =>
  instructions.filter((instruction) => instruction.name === name).map(({ text }) => text);
const last = stages.at(-1) ?? { name: "", from: "", instructions: [] };
const variables = new Map(textsOf(last, "ENV").flatMap(pairs));

describe("Dockerfile", () => {
  it("copies what is there and is in the context", () => {
    const copied = stages.flatMap(({ instructions }) =>
      instructions
        .filter(({ name, flags }) => name === "COPY" && flags["from"] === undefined)
        .flatMap(({ text }) => text.split(/\s+/).slice(0, -1)),
    );
    expect(copied.length).toBeGreaterThan(5);
    expect(copied.filter((name) => !existsSync(join(ROOT, name)) || isIgnored(name, patterns))).toEqual([]);
  });

  it("builds on stages before it", () => {
    for (const [index, { from, instructions }] of stages.entries()) {
      const before = new Set(stages.slice(0, index).map(({ name }) => name));
      const sources = [...(from.includes(":") ? [] : [from]), ...instructions.flatMap(({ flags }) => flags["from"] ?? [])];
      expect(sources.filter((name) => !before.has(name))).toEqual([]);
    }
  });

  it("sets variables that the worker knows, and exposes the port that it serves", () => {
    const set = stages.flatMap((stage) => textsOf(stage, "ENV").flatMap(pairs)).map(([name]) => name);
    expect(set.filter((name) => !VARIABLES.has(name))).toEqual([]);
    expect(textsOf(last, "EXPOSE")).toEqual([variables.get("LADDERD_HTTP_PORT")]);
  });

  it("ends as a worker that is nobody's root and is asked for its health by its own Node", () => {
    expect(last.name).toBe("worker");
    expect(textsOf(last, "USER")).toEqual(["1000:1000"]);
    const [check = ""] = textsOf(last, "HEALTHCHECK");
    const [program, , script = ""] = words(check.replace(/^CMD /, ""));
    expect(program).toBe("node");
    expect(read("src/telemetry/http.ts")).toContain(`"${/\/[a-z]+(?=`)/.exec(script)?.[0]}"`);
  });

  it("leaves everything else out of the context", () => {
    expect(["node_modules", ".git", "test", "README.md", "dist/main.js", ".env"].filter((path) => !isIgnored(path, patterns))).toEqual([]);
  });
});

const service = z.looseObject({
  image: z.string().regex(/:[\w.-]+$/),
  build: z.object({ context: z.literal("."), target: z.string() }).optional(),
  network_mode: z.literal("host"),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  volumes: z.array(z.string()).default([]),
  depends_on: z.array(z.string()).default([]),
});
const compose = z
  .object({ name: z.string(), services: z.record(z.string(), service), volumes: z.record(z.string(), z.object({})) })
  .parse(parse(read("docker-compose.yml")));
const { worker, prometheus, grafana } = compose.services;

describe("docker-compose.yml", () => {
  it("mounts what is there, builds a stage, and waits for services of its own", () => {
    for (const { volumes, build, depends_on: after } of Object.values(compose.services)) {
      const sources = volumes.map((volume) => volume.split(":")[0] ?? "");
      expect(
        sources.filter((path) => (path.startsWith("./") ? !existsSync(join(ROOT, path)) : compose.volumes[path] === undefined)),
      ).toEqual([]);
      const names = new Set(stages.map(({ name }) => name));
      expect(build === undefined || names.has(build.target)).toBe(true);
      expect(after.filter((name) => compose.services[name] === undefined)).toEqual([]);
    }
  });

  it("sets variables that the worker and Grafana know, and starts a file of the checkout", () => {
    expect(Object.keys(worker?.environment ?? {}).filter((name) => !VARIABLES.has(name))).toEqual([]);
    expect(
      Object.keys(grafana?.environment ?? {}).filter((name) => !/^GF_(?:SERVER|AUTH_ANONYMOUS|DASHBOARDS)_[A-Z_]+$/.test(name)),
    ).toEqual([]);
    expect(existsSync(join(ROOT, worker?.command?.[1] ?? "nothing"))).toBe(true);
  });

  it("leads Prometheus to the worker", () => {
    const scraped = z.looseObject({
      scrape_configs: z.array(z.looseObject({ static_configs: z.array(z.looseObject({ targets: z.array(z.string()) })) })),
    });
    const [job] = scraped.parse(parse(read("deploy/prometheus/local.yml"))).scrape_configs;
    const { LADDERD_HTTP_HOST: host, LADDERD_HTTP_PORT: port } = worker?.environment ?? {};
    expect(job?.static_configs[0]?.targets).toEqual([`${host}:${port}`]);
    expect(prometheus?.command).toContain("--config.file=/etc/prometheus/local.yml");
    expect(prometheus?.volumes).toContain("./deploy/prometheus:/etc/prometheus:ro");
  });

  it("leads Grafana to Prometheus and to the dashboard", () => {
    const sources = z.looseObject({ datasources: z.array(z.looseObject({ url: z.string() })) });
    const [source] = sources.parse(parse(read("deploy/grafana/provisioning/datasources/prometheus.yml"))).datasources;
    expect(prometheus?.command).toContain(`--web.listen-address=${source?.url.replace("http://", "")}`);

    const providers = z.looseObject({ providers: z.array(z.looseObject({ options: z.object({ path: z.string() }) })) });
    const [provider] = providers.parse(parse(read("deploy/grafana/provisioning/dashboards/ladderd.yml"))).providers;
    expect(grafana?.volumes).toContain(`./deploy/grafana/ladderd.json:${provider?.options.path}/ladderd.json:ro`);
    expect(grafana?.environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]).toBe(`${provider?.options.path}/ladderd.json`);
  });
});
