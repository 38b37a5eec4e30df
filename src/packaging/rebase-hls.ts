import { OutputError } from "../domain/errors.ts";
import { nameOfUri } from "./own-uri.ts";
import { attributesOf, linesOf, tagOf } from "./read-playlist.ts";

/** A manifest that leads to the same objects from another place. */
export interface Rebased {
  readonly text: string;
  /** What it names, by name inside the revision. */
  readonly names: readonly string[];
}

/** Where a manifest lies inside the revision, and what leads from its new place to the revision: "r/<revision>/". */
export interface RebaseWish {
  readonly name: string;
  readonly base: string;
}

/** The tags whose URI leads to a media playlist (RFC 8216 4.3.4); any other tag with a URI leads to a key or to data. */
const WITH_PLAYLIST: ReadonlySet<string> = new Set(["#EXT-X-MEDIA", "#EXT-X-I-FRAME-STREAM-INF"]);

/**
 * A multivariant playlist that a service wrote, for the asset's pointer: parsed, and written again with every URI led through
 * the revision. Pure. Throws OutputError output_incomplete for a text that is none, or that leads out of the revision.
 */
export function rebaseMultivariant(text: string, wish: RebaseWish): Rebased {
  const lines = linesOf(text);
  if (!lines) throw incomplete(`${wish.name} is no playlist`);
  const rebased = lines.map((line) => rebaseLine(line, wish));
  const names = rebased.flatMap(({ name }) => name ?? []);
  if (!lines.some((line) => line.startsWith("#EXT-X-STREAM-INF:"))) throw incomplete(`${wish.name} names no variant`);
  return { text: `${rebased.map(({ line }) => line).join("\n")}\n`, names: [...new Set(names)] };
}

/**
 * A media playlist for the asset itself: every segment led to through the revision. Pure. Throws OutputError output_incomplete
 * for a text that is none, that leads out of the revision, or whose tags lead anywhere.
 */
export function rebaseMedia(text: string, wish: RebaseWish): string {
  const lines = linesOf(text);
  if (!lines) throw incomplete(`${wish.name} is no playlist`);
  return `${lines.map((line) => rebaseLine(line, wish).line).join("\n")}\n`;
}

interface Line {
  readonly line: string;
  readonly name?: string;
}

function rebaseLine(line: string, wish: RebaseWish): Line {
  if (!line.startsWith("#")) return { line: wish.base + uriOf(ownName(line, wish)), name: ownName(line, wish) };
  const { name: tag, value } = tagOf(line);
  const uri = attributesOf(value).get("URI");
  if (uri === undefined || !tag.startsWith("#EXT")) return { line };
  if (!WITH_PLAYLIST.has(tag)) throw incomplete(`${wish.name} has ${tag}, which leads elsewhere`);
  const name = ownName(uri, wish);
  return { line: `${tag}:${withUri(value, wish.base + uriOf(name))}`, name };
}

/** Each attribute as it was, the URI's value replaced. */
const withUri = (value: string, uri: string): string =>
  [...value.matchAll(/([A-Z0-9-]+)=("[^"]*"|[^,]*)/g)]
    .map(([, name = "", raw = ""]) => `${name}=${name === "URI" ? `"${uri}"` : raw}`)
    .join(",");

function ownName(uri: string, { name }: RebaseWish): string {
  const own = nameOfUri(uri, name);
  if (own === undefined) throw incomplete(`${name} leads out of the revision: ${uri}`);
  return own;
}

const uriOf = (name: string): string => name.split("/").map(encodeURIComponent).join("/");

const incomplete = (message: string): OutputError => new OutputError("output_incomplete", message);
