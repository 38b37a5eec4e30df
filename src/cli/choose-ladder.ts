import type { Config } from "../config/config.ts";
import { laddersInForce } from "../config/ladders.ts";
import type { Ladder } from "../domain/ladder.ts";
import { UsageError } from "./usage.ts";

/** The ladder that the option names, or the configured one. Throws UsageError naming those that exist. */
export function chooseLadder(option: string | undefined, config: Pick<Config, "ladder" | "perTitle">): Ladder {
  const ladders = laddersInForce(config);
  const found = ladders.get(option ?? config.ladder);
  if (found) return found;
  throw new UsageError(`there is no ladder ${JSON.stringify(option ?? config.ladder)}; there are ${[...ladders.keys()].join(", ")}`);
}
