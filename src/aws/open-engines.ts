import type { Config } from "../config/config.ts";
import { loadPresets } from "../config/elastic-presets.ts";
import type { RemoteEngine, RemoteEngineName } from "../engines/remote.ts";
import type { EngineClientSettings } from "./engine-calls.ts";

type EngineConfig = Pick<Config, "engines" | "region" | "mediaconvert" | "elasticTranscoder">;
type OnRequest = EngineClientSettings["onRequest"];

/**
 * The managed engines of the configured order, in that order; nobody is asked anything yet. Code of an engine that is not
 * configured is not loaded. Throws ConfigError for what an engine cannot do without.
 */
export async function openEngines(config: EngineConfig, onRequest?: OnRequest): Promise<readonly RemoteEngine[]> {
  const names = config.engines.filter((name) => name !== "ffmpeg");
  return Promise.all(names.map(async (name) => OPEN[name](config, onRequest)));
}

const OPEN: Readonly<Record<RemoteEngineName, (config: EngineConfig, onRequest: OnRequest) => Promise<RemoteEngine>>> = {
  mediaconvert: async ({ region, mediaconvert: rates }, onRequest) => {
    const { createMediaConvert } = await import("./mediaconvert.ts");
    // The rules of the configuration have refused the engine without its role.
    return createMediaConvert({ region, rates, settings: { ...rates, role: rates.role ?? "" }, onRequest });
  },
  "elastic-transcoder": async (config, onRequest) => {
    const { region, elasticTranscoder: rates } = config;
    const { createElasticTranscoder } = await import("./elastic-transcoder.ts");
    const settings = { pipelineId: rates.pipelineId ?? "", presets: loadPresets(config) };
    return createElasticTranscoder({ region, rates, settings, onRequest });
  },
};
