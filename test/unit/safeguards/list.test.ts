import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CHILD_SAFEGUARDS } from "../../safeguards/children.ts";
import { INSTANCE_SAFEGUARDS } from "../../safeguards/instance.ts";
import { SAFEGUARDS } from "../../safeguards/list.ts";
import { OPERATING_SAFEGUARDS } from "../../safeguards/operating.ts";

/** The code of a safeguard moves: the list that takes it away must follow. */
describe("each safeguard on the list", () => {
  test.each([...SAFEGUARDS, ...CHILD_SAFEGUARDS, ...INSTANCE_SAFEGUARDS, ...OPERATING_SAFEGUARDS])(
    "$name: stands once in its file, and names a test",
    ({ file, find, replace, testFile, test: name }) => {
      expect(replace).not.toBe(find);
      expect(readFileSync(file, "utf8").split(find)).toHaveLength(2);
      expect(name).not.toBe("");
      expect(readFileSync(testFile, "utf8")).toContain(name);
    },
  );
});
