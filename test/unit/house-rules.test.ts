import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");

interface SourceFile {
  readonly file: string;
  readonly text: string;
}

const filesOf = (...patterns: readonly string[]): readonly SourceFile[] =>
  globSync([...patterns], { cwd: ROOT }).map((file) => ({ file, text: readFileSync(join(ROOT, file), "utf8") }));

const sources = filesOf("src/**/*.ts");
const stacks = filesOf("deploy/cdk/{bin,lib}/**/*.ts");
const tests = filesOf("test/**/*.ts", "bench/**/*.ts", "deploy/cdk/test/**/*.ts").filter(
  ({ file }) => file !== "test/unit/house-rules.test.ts",
);

/** "file:line" of every line that matches. */
const linesWith = (files: readonly SourceFile[], pattern: RegExp): readonly string[] =>
  files.flatMap(({ file, text }) => text.split("\n").flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}`] : [])));

const outside = (...folders: readonly string[]): readonly SourceFile[] =>
  sources.filter(({ file }) => !folders.some((folder) => file.startsWith(folder)));

describe("what lint cannot say", () => {
  it("nothing is left for later", () => {
    expect(linesWith([...sources, ...stacks, ...tests], /\b(?:TODO|FIXME|XXX|HACK)\b/)).toEqual([]);
  });

  it("no test is skipped or alone", () => {
    expect(linesWith(tests, /\b(?:it|test|describe)\.(?:only|skip|todo)\b/)).toEqual([]);
  });

  it("there are no barrels inside src", () => {
    expect(linesWith([...sources, ...stacks], /^export \* from/)).toEqual([]);
  });

  it("dynamic imports respect the layers, too", () => {
    const lazily = (name: string): RegExp => new RegExp(`\\bimport\\(\\s*["'\`]${name}`);
    expect(linesWith(outside("src/process/"), lazily("(?:node:)?child_process"))).toEqual([]);
    expect(
      linesWith(outside("src/aws/", "src/cli/dev", "src/engines/mediaconvert/", "src/engines/elastic-transcoder/"), lazily("@aws-sdk/")),
    ).toEqual([]);
    expect(
      linesWith(
        sources.filter(({ file }) => file !== "src/engines/ffmpeg/compile.ts"),
        lazily("fluent-ffmpeg"),
      ),
    ).toEqual([]);
    expect(linesWith(outside("src/process/"), /createRequire\([^)]*\)\(/)).toEqual([]);
  });

  it("fluent-ffmpeg composes and never runs", () => {
    const compile = sources.filter(({ file }) => file === "src/engines/ffmpeg/compile.ts");
    expect(linesWith(compile, /\.(?:run|save|saveToFile|pipe|stream|exec|execute|screenshots|ffprobe|kill|on)\(/)).toEqual([]);
  });

  it("no shell is ever started", () => {
    expect(linesWith(sources, /\bshell: *true|\bexec(?:File)?Sync\(|["'](?:sh|bash)["'], *\[ *["']-c/)).toEqual([]);
  });

  it("every exported function says what it guarantees", () => {
    const undocumented = [...sources, ...stacks].flatMap(({ file, text }) => {
      const lines = text.split("\n");
      return lines.flatMap((line, index) =>
        /^export (?:async )?function /.test(line) && !(lines[index - 1] ?? "").endsWith("*/") ? [`${file}:${index + 1}`] : [],
      );
    });
    expect(undocumented).toEqual([]);
  });

  it("names no machine and no registry", () => {
    expect(linesWith([...sources, ...stacks, ...tests], /\/work\/(?:main|shared)|registry\.npmjs|\/root\//)).toEqual([]);
  });
});
