import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";

const ROOT = resolve(import.meta.dirname, "..");
const COMMIT_DIGITS = 12;

/** The commit that CodeBuild built, or that is checked out; undefined where neither is known. */
function commit(): string | undefined {
  const { CODEBUILD_RESOLVED_SOURCE_VERSION: resolved } = process.env;
  if (resolved !== undefined && /^[0-9a-f]{40}$/.test(resolved)) return resolved.slice(0, COMMIT_DIGITS);
  try {
    const git = (...args: readonly string[]): string => execFileSync("git", args, { cwd: ROOT, encoding: "utf8", stdio: "pipe" }).trim();
    return git("rev-parse", "HEAD").slice(0, COMMIT_DIGITS) + (git("status", "--porcelain") === "" ? "" : ".changed");
  } catch {
    return undefined;
  }
}

/** Equal programs have equal digests. */
function digest(dist: string): string {
  const hash = createHash("sha256");
  for (const name of globSync("**/*.js", { cwd: dist }).toSorted()) hash.update(`${name}\0`).update(readFileSync(join(dist, name)));
  return hash.digest("hex").slice(0, COMMIT_DIGITS);
}

/** Writes dist/build.json: the version and the commit, or a digest of what was built. /readyz answers with it. Resolves to the id. */
export function writeBuildId(dist: string, id?: string): string {
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")));
  const written = id ?? `${version}+${commit() ?? digest(dist)}`;
  writeFileSync(join(dist, "build.json"), `${JSON.stringify({ id: written })}\n`);
  return written;
}

if (import.meta.main) console.log(`build ${writeBuildId(join(ROOT, "dist"))}`);
