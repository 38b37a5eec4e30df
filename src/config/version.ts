import { join } from "node:path";

import { z } from "zod";

import { CONFIG_DIRECTORY } from "./paths.ts";
import { readJson } from "./read-json.ts";

/** The version of package.json. */
export const PACKAGE_VERSION = z
  .object({ version: z.string() })
  .parse(readJson(join(CONFIG_DIRECTORY, "../package.json"), "package.json").value).version;
