/** A media segment as a playlist names it. */
export interface PlaylistSegment {
  readonly uri: string;
  readonly seconds: number;
  /** Of the file that `uri` names; absent: all of it. */
  readonly range?: ByteRange;
}

export interface ByteRange {
  readonly offset: number;
  readonly bytes: number;
}

/** What a media playlist names (RFC 8216 4.3.2 and 4.3.3). */
export interface MediaPlaylist {
  /** URI of the init section. */
  readonly map?: string;
  readonly segments: readonly PlaylistSegment[];
  /** Nothing will be added: one that was cut off while it was written is not. */
  readonly isEnded: boolean;
}

/** A line that is cut at its first colon: "#EXTINF" and "6.000,". */
interface Tag {
  readonly name: string;
  readonly value: string;
}

/** Reads a media playlist that somebody else wrote; undefined for a text that is none. Pure. */
export function readMediaPlaylist(text: string): MediaPlaylist | undefined {
  const lines = linesOf(text);
  if (!lines) return undefined;
  const tags = lines.map(tagOf);
  const maps = tags.filter(({ name }) => name === "#EXT-X-MAP").map(({ value }) => attributesOf(value).get("URI") ?? "");
  const segments = segmentsOf(tags);
  // Two init sections would be a change of encoding in the middle.
  if (!segments || maps.length > 1) return undefined;
  const [map] = maps;
  return { segments, isEnded: tags.some(({ name }) => name === "#EXT-X-ENDLIST"), ...(map === undefined ? {} : { map }) };
}

/** Every line that is no tag is a segment of the tags before it; undefined when one has no duration. */
function segmentsOf(tags: readonly Tag[]): readonly PlaylistSegment[] | undefined {
  const segments: PlaylistSegment[] = [];
  let of = new Map<string, string>();
  for (const { name, value } of tags) {
    if (name.startsWith("#")) of.set(name, value);
    else {
      const seconds = Number.parseFloat(of.get("#EXTINF") ?? "");
      const range = rangeOf(of.get("#EXT-X-BYTERANGE"), segments.at(-1)?.range);
      if (Number.isNaN(seconds)) return undefined;
      segments.push({ uri: name, seconds, ...(range ? { range } : {}) });
      of = new Map();
    }
  }
  return segments;
}

/** Attributes of a tag (RFC 8216 4.2), quotes removed. */
export const attributesOf = (value: string): ReadonlyMap<string, string> =>
  new Map([...value.matchAll(/([A-Z0-9-]+)=(?:"([^"]*)"|([^,]*))/g)].map(([, name = "", quoted, plain = ""]) => [name, quoted ?? plain]));

/** The lines that say something; undefined for a text that is no playlist. */
export function linesOf(text: string): readonly string[] | undefined {
  const lines = text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return lines[0] === "#EXTM3U" ? lines : undefined;
}

/** The name and the value of a line that is a tag; of any other the name is the line. */
export function tagOf(line: string): Tag {
  const colon = line.startsWith("#") ? line.indexOf(":") : -1;
  return colon < 0 ? { name: line, value: "" } : { name: line.slice(0, colon), value: line.slice(colon + 1) };
}

/** Without an offset it begins where the range before it ends. */
function rangeOf(value: string | undefined, before: ByteRange | undefined): ByteRange | undefined {
  if (value === undefined) return undefined;
  const [bytes = 0, offset = (before?.offset ?? 0) + (before?.bytes ?? 0)] = value.split("@").map(Number);
  return { bytes, offset };
}
