/** An element of an XML document, with what MPDs hold: children, or text. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

interface Open {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlElement[];
  text: string;
}

const TOKEN =
  /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[([\s\S]*?)\]\]>|<\/([\w:.-]+)\s*>|<([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/gy;
const ATTRIBUTE = /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const MAX_DEPTH = 32;

/** Reads a document; undefined for what is none, and for one with a DOCTYPE: entities of its own have no place in an MPD. Pure. */
export function readXml(text: string): XmlElement | undefined {
  const root: Open = { name: "", attributes: {}, children: [], text: "" };
  const stack = [root];
  let at = 0;
  for (const match of text.matchAll(TOKEN)) {
    at = match.index + match[0].length;
    if (stack.length > MAX_DEPTH || !take(match, stack)) return undefined;
  }
  const [document, ...others] = root.children;
  return at === text.length && stack.length === 1 && others.length === 0 && root.text.trim() === "" ? document : undefined;
}

/** Takes one token onto the stack; false when it does not fit there. */
function take([, data, closed, opened, attributes = "", isEmpty, text]: RegExpExecArray, stack: Open[]): boolean {
  const top = stack.at(-1);
  if (!top) return false;
  top.text += data ?? unescaped(text ?? "");
  if (opened !== undefined) {
    const element: Open = { name: opened, attributes: attributesIn(attributes), children: [], text: "" };
    top.children.push(element);
    if (isEmpty === "") stack.push(element);
  }
  if (closed === undefined) return true;
  stack.pop();
  return top.name === closed && stack.length > 0;
}

const attributesIn = (text: string): Record<string, string> =>
  Object.fromEntries([...text.matchAll(ATTRIBUTE)].map(([, name = "", double, single = ""]) => [name, unescaped(double ?? single)]));

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
]);
const LAST_CODE_POINT = 0x10_ff_ff;

/** What is no entity that XML itself has stays as it is. */
const unescaped = (text: string): string =>
  text.replaceAll(/&(#\d{1,7}|#x[\da-fA-F]{1,6}|\w+);/g, (whole, entity: string) => {
    if (!entity.startsWith("#")) return ENTITIES.get(entity) ?? whole;
    const code = Number(entity.startsWith("#x") ? `0${entity.slice(1)}` : entity.slice(1));
    return code <= LAST_CODE_POINT ? String.fromCodePoint(code) : whole;
  });
