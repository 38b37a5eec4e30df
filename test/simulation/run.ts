import { parseArgs } from "node:util";
import type { Safeguard } from "./safeguards.ts";
import { SAFEGUARDS } from "./safeguards.ts";
import { installStandIns } from "./stand-ins.ts";
import { installVirtualProcess } from "./virtual-process.ts";

installVirtualProcess();
installStandIns();
const { runSeed } = await import("./run-seed.ts");

const PROGRESS_EVERY = 1000;

interface Wish {
  readonly seeds: number;
  readonly first: number;
  readonly seed: number | undefined;
  readonly without: Safeguard | undefined;
}

/** `seeds=N first=N` or `--seed N`, either with `--without SAFEGUARD`. */
function readWish(): Wish {
  const { values, positionals } = parseArgs({
    options: { seed: { type: "string" }, without: { type: "string" } },
    allowPositionals: true,
  });
  const named = new Map(positionals.map((text) => [text.split("=")[0] ?? "", Number(text.split("=")[1])]));
  const without = SAFEGUARDS.find((name) => name === values.without);
  if (values.without !== undefined && !without) throw new Error(`--without takes one of ${SAFEGUARDS.join(", ")}`);
  return {
    seeds: named.get("seeds") ?? 100_000,
    first: named.get("first") ?? 1,
    seed: values.seed === undefined ? undefined : Number(values.seed),
    without,
  };
}

/** Prints everything that happened in one seed. */
async function replay(seed: number, without: Safeguard | undefined): Promise<boolean> {
  const run = await runSeed(seed, { without, traces: true });
  for (const line of run.trace) console.log(line);
  console.log(`seed ${seed} (${run.scenario}), ${run.steps} steps, ${run.encodes} encodes, faults: ${run.faults.join("; ") || "none"}`);
  console.log(run.broken === undefined ? "every promise held" : `BROKEN ${run.broken}`);
  return run.broken === undefined;
}

/** Runs seed after seed up to the first that breaks a promise. */
async function search({ seeds, first, without }: Wish): Promise<boolean> {
  const faults = new Map<string, number>();
  let [steps, encodes] = [0, 0];
  for (let seed = first; seed < first + seeds; seed += 1) {
    const run = await runSeed(seed, { without });
    if (run.broken !== undefined) {
      await replay(seed, without);
      const how = without === undefined ? "" : ` --without ${without}`;
      console.log(`seed ${seed} breaks a promise; replay it by: npm run simulate -- --seed ${seed}${how}`);
      return false;
    }
    steps += run.steps;
    encodes += run.encodes;
    faults.set(run.scenario, (faults.get(run.scenario) ?? 0) + run.faults.length);
    if ((seed - first + 1) % PROGRESS_EVERY === 0) console.log(`${seed - first + 1} seeds held: ${steps} steps, ${encodes} encodes`);
  }
  console.log(
    `all ${seeds} seeds held: ${steps} steps, ${encodes} encodes, faults by scenario ${JSON.stringify(Object.fromEntries(faults))}`,
  );
  return true;
}

const wish = readWish();
const held = wish.seed === undefined ? await search(wish) : await replay(wish.seed, wish.without);
process.exitCode = held ? 0 : 1;
