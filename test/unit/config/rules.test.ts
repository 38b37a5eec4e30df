import { describe, expect, it } from "vitest";

import type { Environment, Settings } from "../../../src/config/config.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { environmentWarnings, ruleProblems } from "../../../src/config/rules.ts";

const SQS = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs";

interface Case {
  readonly settings?: Partial<Settings>;
  readonly env?: Environment;
  readonly environment?: string;
}

function problems({ settings = {}, env = {}, environment = "development" }: Case): readonly string[] {
  const input = { settings: { ...loadConfig({ env: {} }), ...settings }, env, environment, ladders: ["h264"] };
  return ruleProblems(input, new Set());
}

const PM2_SCRIPT = "/srv/ladderd/dist/main.js";
const HOOK = "https://example.com/hook";
const ROLE = "arn:aws:iam::123456789012:role/mediaconvert";
const { mediaconvert, elasticTranscoder } = loadConfig({ env: {} });
const lease = { visibilitySeconds: 300, extendSeconds: 60, marginSeconds: 60 };

describe("ruleProblems", () => {
  it.each<[string, Case, string]>([
    [
      "bad input 69: an extension that comes too late for a second try",
      { settings: { lease: { ...lease, extendSeconds: 150 } } },
      "lease.extendSeconds",
    ],
    [
      "bad input 69: a visibility above SQS's limit",
      { settings: { lease: { ...lease, visibilitySeconds: 43_201 } } },
      "lease.visibilitySeconds",
    ],
    ["a margin as long as the lease", { settings: { lease: { ...lease, marginSeconds: 300 } } }, "lease.marginSeconds"],
    ["bad input 77: a drain as long as the kill timeout", { settings: { drainSeconds: 630 } }, "drainSeconds"],
    [
      "bad input 77: a drain as long as the kill timeout that PM2 has",
      { env: { pm_exec_path: PM2_SCRIPT, kill_timeout: "600000", treekill: "false" } },
      "drainSeconds",
    ],
    ["bad input 77: a drain under a PM2 that was told no kill timeout", { env: { pm_exec_path: PM2_SCRIPT } }, "drainSeconds"],
    [
      "protection of an instance that nobody looks at",
      { settings: { interruptions: "off", scaleInProtection: true } },
      "scaleInProtection",
    ],
    [
      "a webhook without a secret",
      { settings: { notify: { webhook: { url: HOOK } } } },
      "notify.webhook.secret \\(LADDERD_NOTIFY_WEBHOOK_SECRET\\)",
    ],
    [
      "a webhook in clear outside development",
      { settings: { notify: { webhook: { url: HOOK.replace("s:", ":"), secret: "env:S" } } }, environment: "production" },
      "notify.webhook.url",
    ],
    [
      "a webhook with a password",
      { settings: { notify: { webhook: { url: "https://u:p@example.com/", secret: "env:S" } } } },
      "notify.webhook.url",
    ],
    ["bad input 70: a queue in another region", { settings: { queueUrl: SQS } }, "queueUrl"],
    [
      "a VPC endpoint's queue in another region",
      { settings: { queueUrl: "https://vpce-1.sqs.eu-west-1.vpce.amazonaws.com/1/q" } },
      "queueUrl",
    ],
    ["an events queue in another region", { settings: { eventsQueueUrl: SQS } }, "eventsQueueUrl"],
    ["one queue for jobs and events", { settings: { queueUrl: SQS, eventsQueueUrl: SQS, region: "eu-west-1" } }, "eventsQueueUrl"],
    ["bad input 75: publishing into an upload bucket", { settings: { publishBucket: "both", uploadBuckets: ["both"] } }, "publishBucket"],
    ["records in an upload bucket", { settings: { stateBucket: "both", uploadBuckets: ["both"] } }, "stateBucket"],
    ["MediaConvert without a role to hand it", { settings: { engines: ["mediaconvert", "ffmpeg"] } }, "mediaconvert.role \\(\\w+\\)"],
    [
      "Elastic Transcoder without a pipeline",
      { settings: { engines: ["elastic-transcoder", "ffmpeg"] } },
      "elasticTranscoder.pipelineId \\(\\w+\\)",
    ],
    [
      "a circuit that opens for longer than its longest",
      { settings: { circuit: { failures: 5, openSeconds: 60, maximumOpenSeconds: 30 } } },
      "circuit.openSeconds",
    ],
    ["a work directory with the packager's syntax in its name", { settings: { workDir: "/mnt/a,b" } }, "workDir"],
    ["a ladder that is not there", { settings: { ladder: "av1" } }, "ladder"],
    [
      "bad input 78: requests in clear in production",
      { env: { AWS_ENDPOINT_URL_S3: "http://10.0.0.1" }, environment: "production" },
      "AWS_ENDPOINT_URL_S3",
    ],
    [
      "bad input 78: an endpoint that is no URL in production",
      { env: { AWS_ENDPOINT_URL: "minio" }, environment: "production" },
      "AWS_ENDPOINT_URL",
    ],
  ])("refuses %s", (_, given, key) => {
    expect(problems(given)).toEqual([expect.stringMatching(new RegExp(`^${key}: `))]);
  });

  it.each<[string, Case]>([
    ["an extension just below half of the visibility", { settings: { lease: { ...lease, extendSeconds: 149 } } }],
    ["the longest visibility", { settings: { lease: { ...lease, visibilitySeconds: 43_200 } } }],
    ["a queue in the configured region", { settings: { queueUrl: SQS, region: "eu-west-1" } }],
    ["a queue of an emulator", { settings: { queueUrl: "http://127.0.0.1:4566/000000000000/jobs", region: "eu-west-1" } }],
    ["an upload bucket with a publish prefix", { settings: { publishBucket: "both", uploadBuckets: ["both"], publishPrefix: "streams" } }],
    ["records beside what is published", { settings: { publishBucket: "out", stateBucket: "out", uploadBuckets: ["in"] } }],
    ["a loopback endpoint in production", { env: { AWS_ENDPOINT_URL: "http://127.0.0.1:4566" }, environment: "production" }],
    ["an https endpoint in production", { env: { AWS_ENDPOINT_URL: "https://s3.example.com" }, environment: "production" }],
    [
      "engines in any order, each with what it needs",
      {
        settings: {
          engines: ["elastic-transcoder", "ffmpeg", "mediaconvert"],
          mediaconvert: { ...mediaconvert, role: ROLE },
          elasticTranscoder: { ...elasticTranscoder, pipelineId: "1111111111111-abcde1" },
        },
      },
    ],
    ["a drain that PM2 waits for", { env: { pm_exec_path: PM2_SCRIPT, kill_timeout: "630000" } }],
    ["a drain below a PM2 that started something else", { env: { pm_exec_path: "/srv/shop/server.js", kill_timeout: "1600" } }],
    ["a drain without PM2", { env: { kill_timeout: "1" } }],
    ["a plain endpoint in development", { env: { AWS_ENDPOINT_URL: "http://minio:9000" } }],
  ])("accepts %s", (_, given) => {
    expect(problems(given)).toEqual([]);
  });

  it("leaves out a rule when one of its keys is wrong by itself", () => {
    const input = { settings: { ...loadConfig({ env: {} }), ladder: "av1" }, env: {}, environment: "test", ladders: [] };
    expect(ruleProblems(input, new Set(["ladder"]))).toEqual([]);
  });
});

describe("environmentWarnings", () => {
  it("bad input 78: warns of a proxy and of NODE_OPTIONS, and does not refuse them", () => {
    expect(environmentWarnings({ NODE_OPTIONS: "--inspect", HTTPS_PROXY: "http://proxy", no_proxy: "x", PATH: "/bin" })).toEqual([
      expect.stringContaining("NODE_OPTIONS"),
      expect.stringContaining("HTTPS_PROXY"),
    ]);
  });

  it("warns of a PM2 that signals ffmpeg, too", () => {
    expect(environmentWarnings({ pm_exec_path: PM2_SCRIPT, treekill: "true" })).toEqual([expect.stringContaining("treekill")]);
    expect(environmentWarnings({ pm_exec_path: PM2_SCRIPT })).toHaveLength(1);
    expect(environmentWarnings({ pm_exec_path: PM2_SCRIPT, treekill: "false" })).toEqual([]);
  });
});
