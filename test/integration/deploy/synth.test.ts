import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { mustRun } from "../../support/command.ts";

const CDK = resolve(import.meta.dirname, "../../../deploy/cdk");
const cdk = join(dirname(createRequire(join(CDK, "package.json")).resolve("aws-cdk/package.json")), "bin/cdk");
const judged = z.object({ findings: z.array(z.string()), lookUps: z.number() });
const judgement = z.object({ defaults: judged, everything: judged, existing: judged, open: judged });

/** Nothing that an account or a network would have to answer. */
const ALONE = {
  PATH: process.env["PATH"],
  HOME: process.env["HOME"],
  AWS_EC2_METADATA_DISABLED: "true",
  HTTP_PROXY: "http://127.0.0.1:9",
  HTTPS_PROXY: "http://127.0.0.1:9",
};

const folder = mkdtempSync(join(tmpdir(), "ladderd-cdk-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MINUTES = 60_000;

describe("the stacks", () => {
  it(
    "pass cdk-nag's AwsSolutions rules and the library's check of templates, which both find an open bucket",
    async () => {
      const program = join(CDK, "test/judge-process.ts");
      const out = await mustRun(process.execPath, [program, folder], { cwd: CDK, env: ALONE, timeoutMs: 8 * MINUTES });
      const { defaults, everything, existing, open } = judgement.parse(JSON.parse(out));
      expect(defaults).toEqual({ findings: [], lookUps: 0 });
      expect(everything).toEqual({ findings: [], lookUps: 0 });
      expect(existing).toEqual({ findings: [], lookUps: 0 });
      expect(open.findings).toEqual(expect.arrayContaining(["AwsSolutions: AwsSolutions-S2", "AwsSolutions: AwsSolutions-S10"]));
    },
    10 * MINUTES,
  );

  it(
    "are synthesized by the cdk command without an account and without a network",
    async () => {
      const output = join(folder, "cdk.out");
      const args = [cdk, "synth", "--quiet", "--output", output, "-c", "settings=settings/everything.json"];
      await mustRun(process.execPath, args, { cwd: CDK, env: ALONE, timeoutMs: 8 * MINUTES });
      expect(readdirSync(output).filter((name) => name.endsWith(".template.json"))).toEqual(
        ["copies", "data", "fleet", "pipeline", "watch"].map((kind) => `studio-${kind}.template.json`),
      );
    },
    10 * MINUTES,
  );
});
