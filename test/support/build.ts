import { cp, mkdir, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { mustRun } from "./command.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const TSC = join(ROOT, "node_modules/typescript/bin/tsc");

/** What a machine gets beside dist and node_modules. */
const DEPLOYED = ["package.json", "config", "ecosystem.config.js"];

/** Builds the project into a folder of its own, as `npm run build` does into the checkout; resolves to its dist/main.js. */
export async function buildInto(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await mustRun(process.execPath, [TSC, "-p", "tsconfig.build.json", "--outDir", join(folder, "dist")], { cwd: ROOT });
  await cp(join(ROOT, "src/cli/dev/public"), join(folder, "dist/cli/dev/public"), { recursive: true });
  for (const name of DEPLOYED) await cp(join(ROOT, name), join(folder, name), { recursive: true });
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  return join(folder, "dist/main.js");
}
