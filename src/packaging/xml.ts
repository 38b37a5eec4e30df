/** Attributes of an element; undefined ones are left out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** One XML element as text, indented; a string child is text content. */
export function element(name: string, attributes: Attributes, children: string | readonly string[] = []): string {
  const pairs = Object.entries(attributes).flatMap(([key, value]) => (value === undefined ? [] : [` ${key}="${escape(`${value}`)}"`]));
  const open = `<${name}${pairs.join("")}`;
  if (typeof children === "string") return `${open}>${escape(children)}</${name}>`;
  if (children.length === 0) return `${open}/>`;
  return [`${open}>`, ...children.map((child) => child.replaceAll(/^/gm, "  ")), `</${name}>`].join("\n");
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

const escape = (text: string): string => text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? "");
