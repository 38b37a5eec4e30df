import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "rolldown";

const HOME = join(import.meta.dirname, "config");
/** Settings and ladders; package.json for its version alone. */
const EMBEDDED: Readonly<Record<string, string>> = Object.fromEntries([
  ...globSync("**/*.json", { cwd: HOME }).map((name) => [name, readFileSync(join(HOME, name), "utf8")]),
  ["../package.json", JSON.stringify({ version: JSON.parse(readFileSync(join(HOME, "../package.json"), "utf8")).version })],
]);

/** What src/config/read-file.ts does, over the texts of this checkout; what is not of the package is read from disk. */
const READ_FILE = `
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
const HOME = join(import.meta.dirname, "../../config");
const TEXTS = ${JSON.stringify(EMBEDDED)};
export const readText = (path) => TEXTS[relative(HOME, path)] ?? readFileSync(path, "utf8");
export const filesIn = (directory) => {
  const inside = relative(HOME, directory) + "/";
  const found = Object.keys(TEXTS).filter((name) => name.startsWith(inside)).map((name) => name.slice(inside.length));
  return found.length > 0 ? found : readdirSync(directory);
};
`;

/** The Lambda function in one file: the SDK too, in the versions that are tested. */
export default defineConfig({
  input: "src/lambda.ts",
  platform: "node",
  plugins: [
    {
      name: "configuration-inside",
      load: (id) => (id === join(import.meta.dirname, "src/config/read-file.ts") ? { code: READ_FILE, moduleType: "js" } : null),
    },
  ],
  output: { file: "dist-lambda/lambda.mjs", format: "esm", sourcemap: true, codeSplitting: false },
});
