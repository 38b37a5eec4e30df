import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "../../..");
const read = (name: string): string => readFileSync(resolve(ROOT, name), "utf8");

/** The rows of test/RELIABILITY.md: the number, and what is said of who shows it. */
const rows = read("test/RELIABILITY.md")
  .split("\n")
  .flatMap((line) => {
    const cells = /^\| +(\d+) +\|(.*)\|$/.exec(line);
    return cells ? [{ row: Number(cells[1]), shown: cells[2]?.split("|").at(-1)?.trim() ?? "" }] : [];
  });

const filesOf = (shown: string): readonly string[] => [...shown.matchAll(/`(test\/[^`]+\.ts)`/g)].map(([, name = ""]) => name);
const says = (file: string, row: number): boolean => new RegExp(`\\bfault ${row}\\b`).test(read(file));

describe("test/RELIABILITY.md", () => {
  it("has every row of the fault matrix once, in order", () => {
    expect(rows.map(({ row }) => row)).toEqual(Array.from({ length: 64 }, (_, index) => index + 1));
  });

  it.each(rows)("names for fault $row tests that say so, or why there is none", ({ row, shown }) => {
    const files = filesOf(shown);
    expect(files.length > 0 || /^not here: \S.{10}/.test(shown)).toBe(true);
    expect(files.filter((file) => !existsSync(resolve(ROOT, file)) || !says(file, row))).toEqual([]);
  });
});
