import { expect, test } from "vitest";
import { atMost } from "../../../src/pipeline/at-most.ts";

test("so many run at a time, and one that fails makes room like one that does not", async () => {
  const inSlot = atMost(2);
  const gates = Array.from({ length: 5 }, () => Promise.withResolvers<string>());
  const begun: number[] = [];
  const work = gates.map(({ promise }, index) =>
    inSlot(async () => {
      begun.push(index);
      return promise;
    }),
  );
  const settled = Promise.allSettled(work);
  await Promise.resolve();
  expect(begun).toEqual([0, 1]);
  gates[1]?.reject(new Error("no"));
  await expect(work[1]).rejects.toThrow("no");
  await new Promise((resolve) => setImmediate(resolve));
  expect(begun).toEqual([0, 1, 2]);
  for (const { resolve } of gates) resolve("done");
  expect((await settled).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled", "fulfilled"]);
  expect(begun).toEqual([0, 1, 2, 3, 4]);
});
