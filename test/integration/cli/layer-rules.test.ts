import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { text } from "node:stream/consumers";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "../../..");

const SPAWN = `import { spawn } from "node:child_process"; export const used = [spawn];`;
const AWS = `import { S3Client } from "@aws-sdk/client-s3"; export const used = [S3Client];`;
const FLUENT = `import fluent from "fluent-ffmpeg"; export const used = [fluent];`;
const RECEIVE = `import { Consumer } from "sqs-consumer"; export const used = [Consumer];`;
const ENV = "export const used = process.env;";
const ENV_IMPORT = `import { env } from "node:process"; export const used = [env];`;
const OUTSIDE = `import { used } from "../media/used.ts"; export const again = [used];`;
const BUILTIN = `import { join } from "node:path"; export const used = [join];`;
const ITSELF = `import { rational } from "./rational.ts"; export const used = [rational];`;

const REFUSED: Readonly<Record<string, string>> = {
  "src/media/spawns.ts": SPAWN,
  "src/aws/spawns.ts": SPAWN,
  "src/media/aws.ts": AWS,
  "src/process/aws.ts": AWS,
  "src/cli/aws.ts": AWS,
  "src/engines/ffmpeg/aws.ts": AWS,
  "src/engines/ffmpeg/run.ts": FLUENT,
  "src/queue/lease.ts": RECEIVE,
  "src/media/env.ts": ENV,
  "src/media/env-import.ts": ENV_IMPORT,
  "src/domain/outside.ts": OUTSIDE,
  "src/domain/builtin.ts": BUILTIN,
};

const ACCEPTED: Readonly<Record<string, string>> = {
  "src/process/run.ts": SPAWN,
  "src/aws/client.ts": AWS,
  "src/engines/mediaconvert/run.ts": AWS,
  "src/cli/dev/embedded.ts": AWS,
  "src/engines/ffmpeg/compile.ts": FLUENT,
  "src/queue/consumers.ts": RECEIVE,
  "src/config/env.ts": ENV,
  "src/main.ts": ENV,
  "src/domain/itself.ts": ITSELF,
  "test/unit/spawns.ts": SPAWN,
};

let folder = "";
let refused: ReadonlySet<string> = new Set();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ladderd-lint-"));
  copyFileSync(join(ROOT, ".oxlintrc.json"), join(folder, ".oxlintrc.json"));
  for (const [file, code] of Object.entries({ ...REFUSED, ...ACCEPTED })) {
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    writeFileSync(join(folder, file), `${code}\n`);
  }
  const child = spawn(join(ROOT, "node_modules/.bin/oxlint"), ["-f", "unix", "."], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  const output = await text(child.stdout);
  const layers = output.split("\n").filter((line) => /\((?:no-restricted-imports|no-process-env)\)/.test(line));
  refused = new Set(layers.map((line) => line.split(":")[0] ?? ""));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("the layer rules of the linter", () => {
  it.each(Object.keys(REFUSED))("refuse %s", (file) => {
    expect(refused).toContain(file);
  });

  it.each(Object.keys(ACCEPTED))("accept %s", (file) => {
    expect(refused).not.toContain(file);
  });
});
