import { ConfigError } from "../config/config-error.ts";
import type { EngineName } from "../domain/job.ts";
import type { EngineDesk } from "../engines/desk.ts";
import type { RemoteEngine } from "../engines/remote.ts";
import { RemoteEngineError } from "../engines/remote.ts";
import type { Logger } from "../telemetry/logger.ts";

export interface EngineChecks {
  readonly order: readonly EngineName[];
  readonly engines: readonly Pick<RemoteEngine, "name" | "check">[];
  readonly desk: Pick<EngineDesk, "failed">;
  readonly logger: Pick<Logger, "info" | "warn">;
}

const MIGRATION =
  "Elastic Transcoder ended on 2025-11-13: configure an endpoint that still speaks its API, or engines mediaconvert or ffmpeg (docs/migrating-from-elastic-transcoder.md)";

/**
 * Asks every managed engine whether it is there. One that is not is warned of once and begins with its circuit open; throws
 * ConfigError when that leaves elastic-transcoder alone (R-M1).
 */
export async function checkEngines({ order, engines, desk, logger }: EngineChecks, signal: AbortSignal): Promise<void> {
  await Promise.all(
    engines.map(async ({ name, check }) => {
      try {
        await check(signal);
        logger.info({ engine: name }, "managed engine is there");
      } catch (err) {
        if (!(err instanceof RemoteEngineError)) throw err;
        if (name === "elastic-transcoder" && order.length === 1)
          throw new ConfigError([`engines: ${err.message}. ${MIGRATION}`], { cause: err });
        // One check proves enough: its circuit opens as for an engine that denies us.
        desk.failed(name, "role");
        const hint = name === "elastic-transcoder" ? { hint: MIGRATION } : {};
        logger.warn({ err, engine: name, ...hint }, "managed engine does not answer; the next one in the order serves until it does");
      }
    }),
  );
}
