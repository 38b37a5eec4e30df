import { loadLadders } from "../config/ladders.ts";
import type { Ladder } from "../domain/ladder.ts";
import { UsageError } from "./usage.ts";

/** The ladder that the option names, or the configured one. Throws UsageError naming those that exist. */
export function chooseLadder(option: string | undefined, configured: string): Ladder {
  const ladders = loadLadders();
  const found = ladders.get(option ?? configured);
  if (found) return found;
  throw new UsageError(`there is no ladder ${JSON.stringify(option ?? configured)}; there are ${[...ladders.keys()].join(", ")}`);
}
