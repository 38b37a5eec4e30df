import type { Settings } from "../config/config.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Imds } from "./imds.ts";
import { openImds } from "./imds.ts";

export interface FindOptions extends Pick<Settings, "interruptions" | "imdsUrl"> {
  readonly logger: Pick<Logger, "info">;
}

/** A machine that has just booted is busy, and one answer that came late would leave it unwatched for as long as the worker runs. */
const TRIES = 3;

const NOT_WATCHED = "no instance metadata here: interruptions are not watched";

/**
 * The metadata service to watch: none when that is off; under "auto" only one that tells our instance id now, so that a
 * machine elsewhere is not asked for ever; under "on" whatever it answers. Never rejects.
 */
export async function findImds({ interruptions, imdsUrl, logger }: FindOptions): Promise<Imds | undefined> {
  if (interruptions === "off") return undefined;
  const imds = openImds({ url: imdsUrl });
  if (interruptions === "on") return imds;
  try {
    const instanceId = await persistently(() => imds.read("instance-id"));
    if (instanceId !== undefined) {
      logger.info({ instanceId }, "watching this instance for interruptions");
      return imds;
    }
    logger.info({ reason: "it knows no instance id" }, NOT_WATCHED);
  } catch (error) {
    logger.info({ reason: error instanceof Error ? error.message : String(error) }, NOT_WATCHED);
  }
  return undefined;
}

async function persistently<T>(read: () => Promise<T>, left = TRIES - 1): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (left === 0) throw error;
    return persistently(read, left - 1);
  }
}
