import { z } from "zod";

/** One instruction: its flags (`--from=build`) and what follows them. */
export interface Instruction {
  readonly name: string;
  readonly flags: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface Stage {
  readonly name: string;
  /** An image, or a stage before it. */
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

/** Every instruction that a stage may have here; another one would be passed over by the harness unseen. */
const KNOWN = [
  "ARG",
  "CMD",
  "COPY",
  "ENTRYPOINT",
  "ENV",
  "EXPOSE",
  "HEALTHCHECK",
  "LABEL",
  "RUN",
  "STOPSIGNAL",
  "USER",
  "VOLUME",
  "WORKDIR",
];

/** Reads a Dockerfile without here-documents into its stages, with the arguments before them filled in. Throws what it does not know. */
export function parseDockerfile(text: string): readonly Stage[] {
  const given = new Map<string, string>();
  const stages: { name: string; from: string; instructions: Instruction[] }[] = [];
  for (const line of logicalLines(text)) {
    const [name = ""] = line.split(/\s/, 1);
    const instruction = { name, ...splitFlags(line.slice(name.length).trim()) };
    const stage = stages.at(-1);
    if (name === "FROM") stages.push({ ...stageOf(fill(instruction.text, given)), instructions: [] });
    else if (!stage && name === "ARG") keepArgument(instruction.text, given);
    else if (stage && KNOWN.includes(name)) stage.instructions.push(instruction);
    else throw new Error(`Dockerfile: ${line}`);
  }
  return stages;
}

/** Without comments, and with the lines joined that end in a backslash. */
const logicalLines = (text: string): readonly string[] =>
  text
    .split("\n")
    .filter((line) => !/^\s*(?:#|$)/.test(line))
    .join("\n")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n");

function splitFlags(text: string): Pick<Instruction, "flags" | "text"> {
  const flags: Record<string, string> = {};
  let rest = text;
  for (let flag = /^--([\w-]+)=(\S+)\s+/.exec(rest); flag; flag = /^--([\w-]+)=(\S+)\s+/.exec(rest)) {
    flags[flag[1] ?? ""] = flag[2] ?? "";
    rest = rest.slice(flag[0].length);
  }
  return { flags, text: rest };
}

function stageOf(text: string): Pick<Stage, "name" | "from"> {
  const [, from = "", name = ""] = /^(\S+)(?: AS (\S+))?$/.exec(text) ?? [];
  if (from === "") throw new Error(`Dockerfile: FROM ${text}`);
  return { from, name };
}

function keepArgument(text: string, given: Map<string, string>): void {
  const [name = "", value = ""] = text.split("=", 2);
  given.set(name, value);
}

/** The text with `${NAME}` filled in; throws for one that is not given. */
export const fill = (text: string, given: ReadonlyMap<string, string>): string =>
  text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = given.get(name);
    if (value === undefined) throw new Error(`Dockerfile: \${${name}} is not given`);
    return value;
  });

/** The exec form of a command. */
export const words = (text: string): readonly string[] => z.array(z.string()).min(1).parse(JSON.parse(text));

/** `A=1 B="two words"`. */
export const pairs = (text: string): readonly (readonly [string, string])[] =>
  [...text.matchAll(/([\w.]+)=(?:"([^"]*)"|(\S*))/g)].map(([, name = "", quoted, bare = ""]) => [name, quoted ?? bare]);

/** Whether a path of the context is left out by .dockerignore: of the patterns that match it or a folder above it the last one counts. */
export function isIgnored(path: string, patterns: readonly string[]): boolean {
  const parts = path.split("/");
  const above = parts.map((_, index) => parts.slice(0, index + 1).join("/"));
  const counts = patterns.filter((pattern) => above.some((one) => pattern.replace(/^!/, "") === one || pattern.replace(/^!/, "") === "*"));
  return counts.length > 0 && !(counts.at(-1) ?? "").startsWith("!");
}

/** The patterns of a .dockerignore: exact paths, or `*`. Throws for a pattern that `isIgnored` cannot judge. */
export function ignorePatterns(text: string): readonly string[] {
  const patterns = text.split("\n").filter((line) => !/^\s*(?:#|$)/.test(line));
  const odd = patterns.filter((pattern) => pattern !== "*" && !/^!?[\w.-]+(?:\/[\w.-]+)*$/.test(pattern));
  if (odd.length > 0) throw new Error(`.dockerignore: ${odd.join(" ")}`);
  return patterns;
}
