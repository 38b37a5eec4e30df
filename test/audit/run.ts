/**
 * Asks the registry for advisories on what runs in production. Exits 1 for one that no exception in exceptions.json covers;
 * where the registry does not answer it says so and exits 0: a build without a network is not a vulnerable one.
 * Usage: npm run audit
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { exceptionList, judgeAudit } from "./judge.ts";

const TIMEOUT_MS = 60_000;
const exceptions = exceptionList.parse(JSON.parse(readFileSync(join(import.meta.dirname, "exceptions.json"), "utf8")));
const { stdout } = spawnSync("npm", ["audit", "--omit=dev", "--json"], { encoding: "utf8", timeout: TIMEOUT_MS });
const verdict = judgeAudit(stdout, exceptions, new Date().toISOString().slice(0, 10));
if (verdict.kind === "unanswered") console.log(`audit: the registry did not answer (${verdict.why}); nothing is known of advisories`);
else {
  for (const line of verdict.excepted) console.log(`audit: excepted: ${line}`);
  for (const line of verdict.open) console.log(`audit: ${line}`);
  console.log(`audit: ${verdict.open.length} open advisories, ${verdict.excepted.length} excepted`);
  if (verdict.open.length > 0) process.exitCode = 1;
}
