/** A value of a YAML file: texts, lists and maps. */
export type Yaml = string | readonly Yaml[] | { readonly [key: string]: Yaml };

interface Line {
  readonly indent: number;
  readonly text: string;
  readonly number: number;
}

/**
 * Reads the part of YAML that appspec.yml and buildspec.yml are written in: maps and lists by indentation, scalars on one line,
 * comments. Every scalar is a text. Throws for anything else, so that nothing is read as what it is not.
 */
export function readYaml(text: string): Yaml {
  const lines = text.split("\n").flatMap((line, index): Line[] => {
    const content = line.replace(/(^|\s)#.*$/, "").trimEnd();
    return content === "" ? [] : [{ indent: content.search(/\S/), text: content.trim(), number: index + 1 }];
  });
  const [value, rest] = readBlock(lines);
  if (rest[0]) throw new Error(`line ${rest[0].number} is indented like none before it`);
  return value;
}

type Read<T> = readonly [T, readonly Line[]];

function readBlock(lines: readonly Line[]): Read<Yaml> {
  const [first] = lines;
  if (!first) throw new Error("there is nothing to read");
  return first.text.startsWith("- ") ? readList(lines, first.indent) : readMap(lines, first.indent);
}

function readList(lines: readonly Line[], indent: number): Read<readonly Yaml[]> {
  const items: Yaml[] = [];
  let rest = lines;
  while (rest[0]?.indent === indent && rest[0].text.startsWith("- ")) {
    const { text, number } = rest[0];
    const item = { indent: indent + 2, text: text.slice(2).trim(), number };
    if (ENTRY.test(item.text)) {
      const [value, after] = readMap([item, ...rest.slice(1)], item.indent);
      items.push(value);
      rest = after;
    } else {
      items.push(scalar(item));
      rest = rest.slice(1);
    }
  }
  return [items, rest];
}

const ENTRY = /^([\w-]+):(?: +(.+))?$/;

function readMap(lines: readonly Line[], indent: number): Read<Yaml> {
  const entries: (readonly [string, Yaml])[] = [];
  let rest = lines;
  while (rest[0]?.indent === indent) {
    const [line] = rest;
    const [, key, value] = ENTRY.exec(line.text) ?? [];
    if (key === undefined) throw new Error(`line ${line.number} is no entry of a map`);
    if (value === undefined) {
      const [block, after] = readBlock(rest.slice(1));
      entries.push([key, block]);
      rest = after;
    } else {
      entries.push([key, scalar({ ...line, text: value })]);
      rest = rest.slice(1);
    }
  }
  return [Object.fromEntries(entries), rest];
}

function scalar({ text, number }: Line): string {
  const quoted = /^"([^"\\]*)"$|^'([^']*)'$/.exec(text);
  if (quoted) return quoted[1] ?? quoted[2] ?? "";
  if (/^[[\]{}&*!|>'"%@`]/.test(text)) throw new Error(`line ${number} holds a value that is not read here`);
  return text;
}
