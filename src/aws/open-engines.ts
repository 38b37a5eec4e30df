import type { Config } from "../config/config.ts";
import { loadPresets } from "../config/elastic-presets.ts";
import type { RemoteEngine, RemoteEngineName } from "../engines/remote.ts";
import type { EngineClientSettings } from "./engine-calls.ts";

type EngineConfig = Pick<Config, "engines" | "region" | "mediaconvert" | "elasticTranscoder">;
/** What every client of an engine gets. */
type ClientParts = Pick<EngineClientSettings, "onRequest" | "credentials">;

/**
 * The managed engines of the configured order, in that order; nobody is asked anything yet. Code of an engine that is not
 * configured is not loaded. Throws ConfigError for what an engine cannot do without.
 */
export async function openEngines(config: EngineConfig, parts: ClientParts = {}): Promise<readonly RemoteEngine[]> {
  const names = config.engines.filter((name) => name !== "ffmpeg");
  return Promise.all(names.map(async (name) => OPEN[name](config, parts)));
}

const OPEN: Readonly<Record<RemoteEngineName, (config: EngineConfig, parts: ClientParts) => Promise<RemoteEngine>>> = {
  mediaconvert: async ({ region, mediaconvert: rates }, parts) => {
    const { createMediaConvert } = await import("./mediaconvert.ts");
    // The rules of the configuration have refused the engine without its role.
    return createMediaConvert({ region, rates, settings: { ...rates, role: rates.role ?? "" }, ...parts });
  },
  "elastic-transcoder": async (config, parts) => {
    const { region, elasticTranscoder: rates } = config;
    const { createElasticTranscoder } = await import("./elastic-transcoder.ts");
    const settings = { pipelineId: rates.pipelineId ?? "", presets: loadPresets(config) };
    return createElasticTranscoder({ region, rates, settings, ...parts });
  },
};
