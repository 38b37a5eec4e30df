/** Prints the cost table of docs/aws.md from prices.json, the fleet's policy and what the simulation measured. */
import { costTable, defaultModel } from "../lib/cost.ts";

const [head = [], ...rows] = costTable(defaultModel());
const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
process.stdout.write(`${lines.join("\n")}\n`);
