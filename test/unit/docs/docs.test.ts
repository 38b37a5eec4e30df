import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { resolve } from "node:path";

import { describe, expect, it } from "vitest";

import { COMMANDS } from "../../../src/cli/commands.ts";
import { SCHEMA_KEYS } from "../../../src/config/environment.ts";
import { ERROR_CODES } from "../../../src/domain/errors.ts";
import { rowsOf } from "../../helpers/markdown-table.ts";

const read = (name: string): string => readFileSync(resolve(import.meta.dirname, "../../..", name), "utf8");

function shown(value: unknown): string {
  if (value === undefined || value === "" || (Array.isArray(value) && value.length === 0)) return "–";
  const text = typeof value === "string" ? value : JSON.stringify(value).replaceAll(/[[\]"]/g, "");
  return `\`${text.replace(tmpdir(), "/tmp")}\``;
}

describe("README.md", () => {
  const rows = rowsOf(read("README.md"));

  it.each(SCHEMA_KEYS)("has the row of $key with its variable, default and meaning", ({ key, env, fallback, doc }) => {
    expect(rows.find(([name]) => name === `\`${key}\``)).toEqual([`\`${key}\``, `\`${env}\``, shown(fallback), doc]);
  });

  it("has no row of a key that is gone", () => {
    const variables = rows.flatMap(([, variable = ""]) => /^`((?:LADDERD|AWS)_\w+|FAILPOINT)`$/.exec(variable)?.[1] ?? []);
    expect(variables.toSorted()).toEqual(SCHEMA_KEYS.map(({ env }) => env).toSorted());
  });

  it("has every command and no other", () => {
    const named = rows.flatMap(([command = ""]) => /^`ladderd (\w+)/.exec(command)?.[1] ?? []);
    expect(named).toEqual([...COMMANDS.keys()]);
  });
});

describe("docs/runbook.md", () => {
  const codes = rowsOf(read("docs/runbook.md")).flatMap(([code = "", , , action = ""]) => {
    const name = /^`([a-z_]+)`$/.exec(code)?.[1];
    return name !== undefined && action !== "" ? [name] : [];
  });

  it("has one line with something to do for every error code and for what has none, and no other", () => {
    expect(codes).toEqual([...ERROR_CODES, "unknown"]);
  });
});

describe("CHANGELOG.md", () => {
  it("has a section for what is not released yet", () => {
    expect(read("CHANGELOG.md")).toMatch(/^## Unreleased$/m);
  });
});
