/**
 * Takes each safeguard away in a copy of the project and runs the test that is named for it, which must fail; before that
 * every one of these tests must pass in the copy as it is. Usage: npm run test:safeguards [-- parts of names]
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { z } from "zod";
import { ALL_SAFEGUARDS } from "./all.ts";
import type { Safeguard } from "./list.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const COPIED = ["src", "test", "config", "deploy", "docs", "README.md", "package.json", "tsconfig.json", "vitest.config.ts"];
const ONE_MS = 300_000;
const ALL_MS = 1_800_000;

const report = z.object({
  testResults: z.array(z.object({ name: z.string(), assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })) })),
});

function copyProject(): string {
  const folder = mkdtempSync(join(tmpdir(), "ladderd-safeguards-"));
  for (const name of COPIED) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  return folder;
}

interface Ran {
  readonly file: string;
  readonly name: string;
  readonly status: string;
}

/** Runs the tests of some safeguards of one project; a file that vitest cannot read has none. */
function runTests(folder: string, safeguards: readonly Safeguard[], timeout: number): readonly Ran[] {
  const [{ project } = { project: "unit" }] = safeguards;
  const files = [...new Set(safeguards.map(({ testFile }) => testFile))];
  const names = safeguards.map(({ test }) => test.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join("|");
  const output = join(folder, "report.json");
  rmSync(output, { force: true });
  const vitest = join(folder, "node_modules/vitest/vitest.mjs");
  const args = [vitest, "run", "--project", project, ...files, "-t", names, "--reporter=json", `--outputFile=${output}`];
  spawnSync(process.execPath, args, { cwd: folder, stdio: "ignore", timeout });
  try {
    return report
      .parse(JSON.parse(readFileSync(output, "utf8")))
      .testResults.flatMap(({ name: path, assertionResults }) =>
        assertionResults.map(({ fullName, status }) => ({ file: relative(folder, path), name: fullName, status })),
      );
  } catch {
    return [];
  }
}

const statusesOf = ({ testFile, test }: Safeguard, ran: readonly Ran[]): readonly string[] =>
  ran.filter(({ file, name }) => file === testFile && name.includes(test)).map(({ status }) => status);

/** What every test says while all safeguards stand. */
const runWhole = (folder: string, safeguards: readonly Safeguard[]): readonly Ran[] =>
  (["unit", "integration"] as const).flatMap((project) => {
    const ofProject = safeguards.filter((safeguard) => safeguard.project === project);
    return ofProject.length > 0 ? runTests(folder, ofProject, ALL_MS) : [];
  });

/** Why the safeguard is not shown to be one; undefined when its test passes with it and fails without. */
function flawOf(folder: string, safeguard: Safeguard, whole: readonly Ran[]): string | undefined {
  const { file, find, replace } = safeguard;
  const path = join(folder, file);
  const code = readFileSync(path, "utf8");
  if (code.split(find).length !== 2) return "is not found exactly once in its file";
  const before = statusesOf(safeguard, whole);
  if (!before.includes("passed") || before.includes("failed")) return "has no test that passes with it";
  writeFileSync(
    path,
    code.replace(find, () => replace),
  );
  const broken = statusesOf(safeguard, runTests(folder, [safeguard], ONE_MS));
  writeFileSync(path, code);
  return broken.includes("failed") ? undefined : "can be taken away, and no test fails";
}

const wanted = process.argv.slice(2);
const chosen = ALL_SAFEGUARDS.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
const folder = copyProject();
let flawed = 0;
try {
  const whole = runWhole(folder, chosen);
  for (const safeguard of chosen) {
    const flaw = flawOf(folder, safeguard, whole);
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
