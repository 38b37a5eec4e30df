/**
 * Takes each safeguard away in a copy of the project and runs the test that is named for it, which must fail; before that
 * the test must pass in the copy as it is. Usage: npm run test:safeguards [-- part of a name]
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { CHILD_SAFEGUARDS } from "./children.ts";
import { INSTANCE_SAFEGUARDS } from "./instance.ts";
import type { Safeguard } from "./list.ts";
import { SAFEGUARDS } from "./list.ts";
import { OPERATING_SAFEGUARDS } from "./operating.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const COPIED = ["src", "test", "config", "deploy", "docs", "README.md", "package.json", "tsconfig.json", "vitest.config.ts"];
const report = z.object({ numPassedTests: z.int(), numFailedTests: z.int() });

function copyProject(): string {
  const folder = mkdtempSync(join(tmpdir(), "ladderd-safeguards-"));
  for (const name of COPIED) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  return folder;
}

/** How many of the named tests passed and failed; a file that cannot be read by vitest counts as neither. */
function runTests(folder: string, { project, testFile, test }: Safeguard): z.infer<typeof report> {
  const output = join(folder, "report.json");
  rmSync(output, { force: true });
  const vitest = join(folder, "node_modules/vitest/vitest.mjs");
  const args = [vitest, "run", "--project", project, testFile, "-t", test, "--reporter=json", `--outputFile=${output}`];
  spawnSync(process.execPath, args, { cwd: folder, stdio: "ignore", timeout: 300_000 });
  try {
    return report.parse(JSON.parse(readFileSync(output, "utf8")));
  } catch {
    return { numPassedTests: 0, numFailedTests: 0 };
  }
}

/** Why the safeguard is not shown to be one; undefined when its test passes with it and fails without. */
function flawOf(folder: string, safeguard: Safeguard): string | undefined {
  const { file, find, replace } = safeguard;
  const path = join(folder, file);
  const code = readFileSync(path, "utf8");
  if (code.split(find).length !== 2) return "is not found exactly once in its file";
  const whole = runTests(folder, safeguard);
  if (whole.numPassedTests === 0 || whole.numFailedTests > 0) return "has no test that passes with it";
  writeFileSync(
    path,
    code.replace(find, () => replace),
  );
  const broken = runTests(folder, safeguard);
  writeFileSync(path, code);
  return broken.numFailedTests > 0 ? undefined : "can be taken away, and no test fails";
}

const wanted = process.argv[2] ?? "";
const chosen = [...SAFEGUARDS, ...CHILD_SAFEGUARDS, ...INSTANCE_SAFEGUARDS, ...OPERATING_SAFEGUARDS].filter(({ name }) =>
  name.includes(wanted),
);
const folder = copyProject();
let flawed = 0;
try {
  for (const safeguard of chosen) {
    const flaw = flawOf(folder, safeguard);
    if (flaw !== undefined) flawed += 1;
    console.log(
      `${flaw === undefined ? "✓" : "✗"} ${safeguard.name}${flaw === undefined ? `: "${safeguard.test}" fails without` : `: ${flaw}`}`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${chosen.length - flawed} of ${chosen.length} safeguards are held by a test`);
if (flawed > 0 || chosen.length === 0) process.exitCode = 1;
