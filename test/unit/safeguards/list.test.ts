import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ALL_SAFEGUARDS } from "../../safeguards/all.ts";

/** The code of a safeguard moves: the list that takes it away must follow. */
describe("each safeguard on the list", () => {
  test.each(ALL_SAFEGUARDS)("$name: stands once in its file, and names a test", ({ file, find, replace, testFile, test: name }) => {
    expect(replace).not.toBe(find);
    expect(readFileSync(file, "utf8").split(find)).toHaveLength(2);
    expect(name).not.toBe("");
    expect(readFileSync(testFile, "utf8")).toContain(name);
  });
});
