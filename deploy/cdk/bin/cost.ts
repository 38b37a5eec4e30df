/** Prints the cost table of docs/aws.md from prices.json, the fleet's policy and the default work volume. */
import { costTable, loadPrices } from "../lib/cost.ts";
import { loadFleetPolicy } from "../lib/fleet-policy.ts";
import { DEFAULT_VOLUME } from "../lib/settings.ts";

const [head = [], ...rows] = costTable({ prices: loadPrices(), policy: loadFleetPolicy(), volume: DEFAULT_VOLUME });
const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
process.stdout.write(`${lines.join("\n")}\n`);
