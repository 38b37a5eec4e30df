import { z } from "zod";
import type { Preset } from "../engines/elastic-transcoder/preset.ts";
import { parsePresets } from "../engines/elastic-transcoder/preset.ts";
import type { Settings } from "./config.ts";
import { ConfigError } from "./config-error.ts";
import { readJson } from "./read-json.ts";

/** The custom presets of the configured file; none without one. Throws ConfigError when it cannot be read or holds something else. */
export function loadPresets({ elasticTranscoder: { presets: path } }: Pick<Settings, "elasticTranscoder">): readonly Preset[] {
  if (path === undefined) return [];
  const { value, problem } = readJson(path, "elasticTranscoder.presets");
  if (problem !== undefined) throw new ConfigError([problem]);
  try {
    return parsePresets(value);
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    throw new ConfigError([`elasticTranscoder.presets: ${path} is not what ReadPreset or ListPresets answered`], { cause: error });
  }
}
