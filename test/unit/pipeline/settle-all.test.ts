import { describe, expect, test } from "vitest";
import { settleAll } from "../../../src/pipeline/settle-all.ts";

describe("settleAll", () => {
  test("resolves to the results in order", async () => {
    await expect(settleAll([Promise.resolve(1), Promise.resolve(2)])).resolves.toEqual([1, 2]);
  });

  test("throws the first failure, and not before all have ended", async () => {
    const slow = Promise.withResolvers<number>();
    const ended: unknown[] = [];
    const all = settleAll([Promise.reject(new Error("first")), slow.promise]).catch((error: unknown) => ended.push(error));
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toEqual([]);
    slow.resolve(1);
    await all;
    expect(ended).toEqual([new Error("first")]);
  });
});
