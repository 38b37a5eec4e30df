import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { SAFEGUARDS } from "../../simulation/safeguards.ts";
import { command, mustRun } from "../../support/command.ts";

const RUN = resolve(import.meta.dirname, "../../simulation/run.ts");
const TIMEOUT_MS = 400_000;
/** So many find each missing safeguard several times over. */
const ENOUGH = 4000;

describe("workers, queue and buckets in any order of events", () => {
  test("keep every promise in 2,000 seeds", { timeout: TIMEOUT_MS }, async () => {
    const half = async (first: number): Promise<string> =>
      mustRun(process.execPath, [RUN, "seeds=1000", `first=${first}`], { timeoutMs: TIMEOUT_MS });
    for (const printed of await Promise.all([half(1), half(1001)])) expect(printed).toContain("all 1000 seeds held");
  });

  test("do the same again for the same seed, line by line", async () => {
    const [first, second] = await Promise.all([replay(74), replay(74)]);
    expect(first.length).toBeGreaterThan(1000);
    expect(second).toBe(first);
  });

  test.each(SAFEGUARDS)("break a promise without the %s, and the seed shows it again", async (safeguard) => {
    const found = await command(process.execPath, [RUN, `seeds=${ENOUGH}`, "--without", safeguard], { timeoutMs: TIMEOUT_MS });
    expect(found.exitCode).toBe(1);
    const [broken] = /^BROKEN .*$/m.exec(found.stdout) ?? [];
    const [, seed = ""] = /replay it by: npm run simulate -- --seed (\d+) --without/.exec(found.stdout) ?? [];
    const again = await command(process.execPath, [RUN, "--seed", seed, "--without", safeguard], { timeoutMs: TIMEOUT_MS });
    expect(again.stdout).toContain(broken);
  });
});

const replay = async (seed: number): Promise<string> => mustRun(process.execPath, [RUN, "--seed", `${seed}`], { timeoutMs: TIMEOUT_MS });
