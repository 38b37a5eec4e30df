import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "../../..");
const read = (name: string): string => readFileSync(resolve(ROOT, name), "utf8");

/** The rows of test/BAD-INPUT.md: the number, what must come of it, and what is said of who shows it. */
const rows = read("test/BAD-INPUT.md")
  .split("\n")
  .flatMap((line) => {
    const cells = /^\| +(\d+) +\|(.*)\|$/.exec(line)?.slice(1) ?? [];
    const [row, rest = ""] = cells;
    const [, outcome = "", shown = ""] = rest.split("|").map((cell) => cell.trim());
    return row === undefined ? [] : [{ row: Number(row), outcome, shown }];
  });

const filesOf = (shown: string): readonly string[] => [...shown.matchAll(/`(test\/[^`]+\.ts)`/g)].map(([, name = ""]) => name);
const says = (file: string, row: number): boolean => new RegExp(`\\bbad input ${row}\\b`).test(read(file));

describe("test/BAD-INPUT.md", () => {
  it("has every row of the bad-input matrix once, in order, with its outcome", () => {
    expect(rows.map(({ row }) => row)).toEqual(Array.from({ length: 78 }, (_, index) => index + 1));
    expect(rows.filter(({ outcome }) => outcome === "")).toEqual([]);
  });

  it.each(rows)("names for bad input $row tests that say so", ({ row, shown }) => {
    const files = filesOf(shown);
    expect(files).not.toEqual([]);
    expect(files.filter((file) => !existsSync(resolve(ROOT, file)) || !says(file, row))).toEqual([]);
  });
});
