import { expect, test } from "vitest";
import { faultsOf, soak } from "../soak/soak.ts";
import { faultsOfLoad, load } from "../support/load.ts";

test("two workers on one queue settle everything in it once, whatever it is", async () => {
  const mix = { messages: 60, duplicates: 12, bad: 6, outOfOrder: 4 };
  const result = await load(mix, 2);
  expect(faultsOfLoad(result, mix)).toStrictEqual([]);
  expect(result.outcomes.get("rejected")).toBe(mix.bad);
}, 600_000);

test("five hundred jobs leave nothing behind in the worker", async () => {
  const result = await soak({ jobs: 500, samples: 20 });
  expect(faultsOf(result, 500)).toStrictEqual([]);
}, 1_800_000);
