import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, describe, expect, it } from "vitest";

import { configHash } from "../../../src/config/config-hash.ts";
import type { Environment } from "../../../src/config/config.ts";
import { ConfigError } from "../../../src/config/config-error.ts";
import { SCHEMA_KEYS } from "../../../src/config/environment.ts";
import { loadConfig, requireDaemonSettings } from "../../../src/config/load.ts";

const DAEMON = {
  LADDERD_QUEUE_URL: "https://sqs.us-east-1.amazonaws.com/123456789012/jobs",
  LADDERD_UPLOAD_BUCKETS: "uploads",
  LADDERD_PUBLISH_BUCKET: "published",
  LADDERD_STATE_BUCKET: "state",
};

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function aConfigFolder(files: Readonly<Record<string, unknown>>): string {
  const folder = mkdtempSync(join(tmpdir(), "ladderd-config-"));
  folders.push(folder);
  for (const [name, content] of Object.entries({ "default.json": {}, "development.json": {}, ...files })) {
    writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
  }
  return folder;
}

function problemsOf(act: () => unknown): readonly string[] {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const problems = (env: Environment, directory?: string): readonly string[] =>
  problemsOf(() => loadConfig(directory === undefined ? { env } : { env, directory }));

describe("loadConfig", () => {
  it("needs no setting for the commands that work on files", () => {
    const config = loadConfig({ env: {} });
    expect(config).toMatchObject({ engines: ["ffmpeg"], ladder: "h264", region: "us-east-1", environment: "development" });
    expect(config.http).toEqual({ host: "127.0.0.1", port: 9464 });
    expect(config).not.toHaveProperty("queueUrl");
  });

  it("reads every key from its environment variable, in its type", () => {
    const config = loadConfig({
      env: {
        ...DAEMON,
        LADDERD_UPLOAD_BUCKETS: "uploads-a, uploads-b",
        LADDERD_CONCURRENCY: "3",
        LADDERD_HTTP_PORT: "0",
        LADDERD_S3_FORCE_PATH_STYLE: "TRUE",
        LADDERD_ENCODE_DEADLINE_FACTOR: "2.5",
        AWS_REGION: "us-east-1",
      },
    });
    expect(config).toMatchObject({
      uploadBuckets: ["uploads-a", "uploads-b"],
      concurrency: 3,
      http: { port: 0 },
      encode: { deadlineFactor: 2.5 },
    });
    expect(config.s3.forcePathStyle).toBe(true);
  });

  it("gives every key a variable of its own and a sentence", () => {
    expect(new Set(SCHEMA_KEYS.map(({ env }) => env)).size).toBe(SCHEMA_KEYS.length);
    expect(SCHEMA_KEYS.filter(({ env, doc }) => !/^(?:(?:LADDERD|AWS)_[A-Z0-9_]+|FAILPOINT)$/.test(env) || doc === "")).toEqual([]);
  });

  it("takes an empty variable for one that is not set", () => {
    expect(loadConfig({ env: { LADDERD_HTTP_PORT: "", LADDERD_QUEUE_URL: " " } }).http.port).toBe(9464);
  });

  it("puts the environment over the file of NODE_ENV over default.json", () => {
    const directory = aConfigFolder({
      "default.json": { ladder: "h264-fast", concurrency: 2, drainSeconds: 5 },
      "development.json": { concurrency: 4, drainSeconds: 6 },
    });
    const config = loadConfig({ env: { LADDERD_DRAIN_SECONDS: "7" }, directory });
    expect(config).toMatchObject({ ladder: "h264-fast", concurrency: 4, drainSeconds: 7 });
  });

  it("requires the sandbox in production and builds it when it can in development", () => {
    expect(loadConfig({ env: { NODE_ENV: "production" } }).sandbox).toBe("required");
    expect(loadConfig({ env: {} }).sandbox).toBe("auto");
  });

  it.each([
    ["", ""],
    ["streams", "streams/"],
    ["streams/hd/", "streams/hd/"],
  ])("makes a folder of the publish prefix %j", (given, folder) => {
    expect(loadConfig({ env: { LADDERD_PUBLISH_PREFIX: given } }).publishPrefix).toBe(folder);
  });

  it("makes a file of the ffmpeg that the PATH names, because children get another PATH", () => {
    const folder = aConfigFolder({ ffmpeg: "#!/bin/sh" });
    chmodSync(join(folder, "ffmpeg"), 0o755);
    const { ffmpeg } = loadConfig({ env: { PATH: `/nowhere:${folder}` } });
    expect(ffmpeg).toMatchObject({ path: join(folder, "ffmpeg"), probePath: "ffprobe" });
  });

  it("is frozen to the last leaf", () => {
    const config = loadConfig({ env: {} });
    expect([config, config.http, config.engines, config.limits].every((part) => Object.isFrozen(part))).toBe(true);
  });

  it("knows whether an endpoint is overridden, also for one service", () => {
    expect(loadConfig({ env: { AWS_ENDPOINT_URL_SQS: "http://127.0.0.1:4566" } }).endpointOverridden).toBe(true);
    expect(loadConfig({ env: { AWS_ENDPOINT_URL: "" } }).endpointOverridden).toBe(false);
  });

  it("knows where Auto Scaling is: the service's own endpoint comes before the one for all", () => {
    const env = { AWS_ENDPOINT_URL: "http://127.0.0.1:1", AWS_ENDPOINT_URL_AUTO_SCALING: "http://127.0.0.1:2" };
    expect(loadConfig({ env }).autoScalingEndpoint).toBe("http://127.0.0.1:2");
    expect(loadConfig({ env: { AWS_ENDPOINT_URL: "http://127.0.0.1:1" } }).autoScalingEndpoint).toBe("http://127.0.0.1:1");
    expect(loadConfig({ env: { AWS_ENDPOINT_URL_SQS: "http://127.0.0.1:1" } }).autoScalingEndpoint).toBeUndefined();
  });

  it("has a short name that is equal for equal settings and no others", () => {
    const hashOf = (env: Environment): string => configHash(loadConfig({ env }));
    expect(hashOf({})).toMatch(/^[0-9a-f]{12}$/);
    expect(hashOf({ PATH: process.env["PATH"] })).toBe(hashOf({ PATH: process.env["PATH"], HOME: "/elsewhere" }));
    expect(hashOf({ LADDERD_CONCURRENCY: "2" })).not.toBe(hashOf({}));
  });

  it("reports unknown names, wrong forms and broken rules all at once", () => {
    const found = problems({
      LADDERD_QUEUE_URI: "x",
      LADDERD_CONCURRENCY: "2x",
      LADDERD_ENGINES: "ffmpeg,gstreamer",
      LADDERD_DRAIN_SECONDS: "900",
    });
    expect(found).toHaveLength(4);
    expect(found.join("\n")).toMatch(
      /LADDERD_QUEUE_URI.*LADDERD_QUEUE_URL[^]*engines[^]*gstreamer[^]*concurrency \(LADDERD_CONCURRENCY\)[^]*drainSeconds/,
    );
  });

  it.each([
    ["a key the schema does not have", { "default.json": { queueURL: "https://queue" } }, "queueURL"],
    ["a key below a group", { "default.json": { http: { prot: 1 } } }, "http.prot"],
    ["a value where a group belongs", { "default.json": { http: 5 } }, "http"],
    ["a group where a value belongs", { "default.json": { queueUrl: { deep: { deeper: 1 } } } }, "default.json"],
    ["a wrong type", { "development.json": { drainSeconds: "soon" } }, "drainSeconds"],
    ["text that is not JSON", { "development.json": "{" }, "config/development.json"],
  ])("bad input 68: refuses %s in a file", (_, files, named) => {
    expect(problems({}, aConfigFolder(files)).join("\n")).toContain(named);
  });

  it("refuses an environment that has no file", () => {
    expect(problems({ NODE_ENV: "staging" })).toEqual([expect.stringContaining("config/staging.json")]);
  });

  it.each([
    ["LADDERD_QUEUE_URL", "queue"],
    ["LADDERD_UPLOAD_BUCKETS", "good,Not_Good"],
    ["LADDERD_UPLOAD_BUCKETS", "same,same"],
    ["LADDERD_PUBLISH_BUCKET", "a/b"],
    ["LADDERD_PUBLISH_PREFIX", "/leading"],
    ["LADDERD_PUBLISH_PREFIX", "a/../b"],
    ["LADDERD_PUBLISH_PREFIX", "a//b"],
    ["LADDERD_PUBLISH_PREFIX", ".."],
    ["LADDERD_ENGINES", "ffmpeg,ffmpeg"],
    ["LADDERD_CONCURRENCY", "0"],
    ["LADDERD_CONCURRENCY", "1.5"],
    ["LADDERD_HTTP_PORT", "65536"],
    ["LADDERD_S3_FORCE_PATH_STYLE", "maybe"],
    ["LADDERD_SANDBOX", "sometimes"],
    ["LADDERD_LOG_LEVEL", "loud"],
    ["LADDERD_FFMPEG_MINIMUM_VERSION", "new"],
    ["LADDERD_ASSET_PATH_TEMPLATE", "constant"],
    ["LADDERD_ASSET_PATH_TEMPLATE", "{bucket}/all"],
    ["LADDERD_ASSET_PATH_TEMPLATE", "{key}/{date}"],
    ["LADDERD_LIMITS_MAX_GAP_SECONDS", "0"],
  ])("bad input 68: refuses %s=%s and names the variable", (name, value) => {
    expect(problems({ [name]: value })).toEqual([expect.stringContaining(name)]);
  });
});

describe("requireDaemonSettings", () => {
  it("gives back the configuration when everything is there", () => {
    expect(requireDaemonSettings(loadConfig({ env: DAEMON })).queueUrl).toBe(DAEMON.LADDERD_QUEUE_URL);
  });

  it("names everything that is missing at once", () => {
    const found = problemsOf(() => requireDaemonSettings(loadConfig({ env: {} })));
    expect(found).toHaveLength(4);
    for (const name of Object.keys(DAEMON)) expect(found.join("\n")).toContain(name);
  });
});
