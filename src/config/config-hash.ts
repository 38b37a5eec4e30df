import { createHash } from "node:crypto";
import type { Config } from "./config.ts";

const HASH_CHARS = 12;

/** A short name of the settings in force: equal for workers that run with equal ones. No secret is among them. */
export const configHash = (config: Config): string =>
  createHash("sha256").update(JSON.stringify(config)).digest("hex").slice(0, HASH_CHARS);
