import { OutputError } from "../domain/errors.ts";
import { nameOfUri } from "./own-uri.ts";
import type { XmlElement } from "./read-xml.ts";
import { readXml } from "./read-xml.ts";
import type { Rebased, RebaseWish } from "./rebase-hls.ts";
import { element } from "./xml.ts";

/** What may lead elsewhere without being a BaseURL (ISO 23009-1): a live MPD's own address, a remote period. */
const LEADS_ELSEWHERE: ReadonlySet<string> = new Set(["Location", "PatchLocation"]);

/**
 * A static MPD that a service wrote, each Representation one file, for the asset's pointer: parsed, and written again with
 * the revision as its base. Pure. Throws OutputError output_incomplete for a text that is none, or that leads out of the
 * revision.
 */
export function rebaseMpd(text: string, { name, base }: RebaseWish): Rebased {
  const mpd = readXml(text);
  if (mpd?.name !== "MPD" || (mpd.attributes["type"] ?? "static") !== "static") throw incomplete(`${name} is no static MPD`);
  for (const { name: tag, attributes } of all(mpd))
    if (LEADS_ELSEWHERE.has(tag) || attributes["xlink:href"] !== undefined) throw incomplete(`${name} has ${tag}, which leads elsewhere`);
  // With one above them, those below would be led through two.
  if (mpd.children.some((child) => child.name === "BaseURL")) throw incomplete(`${name} has a base of its own`);
  const names = filesOf(mpd, name);
  const folder = name.includes("/") ? name.slice(0, name.lastIndexOf("/") + 1) : "";
  const own: XmlElement = { name: "BaseURL", attributes: {}, children: [], text: base + folder };
  const after = mpd.children.findLastIndex((child) => child.name === "ProgramInformation") + 1;
  const children = mpd.children.toSpliced(after, 0, own);
  return { text: `<?xml version="1.0" encoding="UTF-8"?>\n${written({ ...mpd, children })}\n`, names };
}

/** The one file of each Representation. */
function filesOf(mpd: XmlElement, name: string): readonly string[] {
  const representations = all(mpd).filter((child) => child.name === "Representation");
  if (representations.length === 0) throw incomplete(`${name} names no Representation`);
  const bases = all(mpd).filter((child) => child.name === "BaseURL").length;
  const files = representations.map(({ children }) => {
    const uris = children.filter((child) => child.name === "BaseURL").map(({ text }) => text.trim());
    const file = uris.length === 1 ? nameOfUri(uris[0] ?? "", name) : undefined;
    if (file === undefined) throw incomplete(`${name} has a Representation that is no file of the revision: ${uris.join(" ")}`);
    return file;
  });
  if (bases !== files.length) throw incomplete(`${name} has a base between the MPD and its files`);
  return [...new Set(files)];
}

const all = (top: XmlElement): readonly XmlElement[] => [top, ...top.children.flatMap(all)];

const written = ({ name, attributes, children, text }: XmlElement): string =>
  element(name, attributes, children.length > 0 ? children.map(written) : text.trim() === "" ? [] : text.trim());

const incomplete = (message: string): OutputError => new OutputError("output_incomplete", message);
