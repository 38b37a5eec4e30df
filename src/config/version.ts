import { existsSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

import { CONFIG_DIRECTORY } from "./paths.ts";
import { readJson } from "./read-json.ts";

/** The version of package.json. */
export const PACKAGE_VERSION = z
  .object({ version: z.string() })
  .parse(readJson(join(CONFIG_DIRECTORY, "../package.json"), "package.json").value).version;

const BUILD_FILE = join(import.meta.dirname, "../build.json");

/** Which build this is, the version and the commit: what `npm run build` wrote beside it. The version alone where the sources run. */
export const BUILD_ID = existsSync(BUILD_FILE)
  ? z.object({ id: z.string() }).parse(readJson(BUILD_FILE, "build.json").value).id
  : PACKAGE_VERSION;
