import { createRequire } from "node:module";
import { z } from "zod";

/** The parser that the dead-code check brings along: reading a file in a test is not worth another dependency. */
const parser = z
  .object({ parse: z.custom<(text: string) => unknown>((value) => typeof value === "function") })
  .parse(createRequire(import.meta.resolve("knip"))("yaml"));

/** Reads one YAML document; throws where it is none. */
export const parseYaml = (text: string): unknown => parser.parse(text);
