import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const lines = readFileSync("docs/security.md", "utf8")
  .split("\n")
  .filter((line) => line.startsWith("|") && !/^\|[\s-]*\||^\| threat/.test(line))
  .map((line) => line.split("|").map((cell) => cell.trim()));

test.each(lines.map(([, threat = "", fence = "", shown = ""]) => ({ threat, fence, shown })))(
  "docs/security.md: $threat: has a fence, and tests that are there",
  ({ fence, shown }) => {
    const files = [...shown.matchAll(/`([^`]+\.test\.ts)`/g)].map(([, file = ""]) => file);
    expect(fence).not.toBe("");
    expect(files).not.toStrictEqual([]);
    expect(files.filter((file) => !existsSync(file))).toStrictEqual([]);
  },
);
