import { attributesOf, linesOf, tagOf } from "./read-playlist.ts";

type Attributes = ReadonlyMap<string, string>;

/** A variant, and where its media playlist is. */
export interface Variant {
  readonly uri: string;
  readonly attributes: Attributes;
}

/** What a multivariant playlist names (RFC 8216 4.3.4). */
export interface MultivariantPlaylist {
  readonly variants: readonly Variant[];
  /** EXT-X-MEDIA. */
  readonly media: readonly Attributes[];
  /** EXT-X-I-FRAME-STREAM-INF. */
  readonly iFrames: readonly Attributes[];
}

/** Reads a multivariant playlist that somebody else wrote; undefined for a text that is none. Pure. */
export function readMultivariant(text: string): MultivariantPlaylist | undefined {
  const tags = linesOf(text)?.map(tagOf);
  if (!tags) return undefined;
  const valuesOf = (wanted: string): readonly Attributes[] =>
    tags.filter(({ name }) => name === wanted).map(({ value }) => attributesOf(value));
  const variants = tags.flatMap(({ name: uri }, index): Variant[] => {
    const before = tags[index - 1];
    return uri.startsWith("#") || before?.name !== "#EXT-X-STREAM-INF" ? [] : [{ uri, attributes: attributesOf(before.value) }];
  });
  return { variants, media: valuesOf("#EXT-X-MEDIA"), iFrames: valuesOf("#EXT-X-I-FRAME-STREAM-INF") };
}
