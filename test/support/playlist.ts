/** Attributes of one tag, quotes removed. */
export type Attributes = ReadonlyMap<string, string>;

export interface VariantEntry {
  readonly attributes: Attributes;
  readonly uri: string;
}

export interface SegmentEntry {
  readonly uri: string;
  readonly seconds: number;
  readonly range?: { readonly offset: number; readonly bytes: number };
}

/** What a playlist of either kind says (RFC 8216bis), in its order. */
export interface Playlist {
  readonly variants: readonly VariantEntry[];
  readonly media: readonly Attributes[];
  readonly iFrames: readonly Attributes[];
  readonly segments: readonly SegmentEntry[];
  readonly map: string | undefined;
  readonly targetDuration: number | undefined;
  readonly isEnded: boolean;
  readonly isIFramesOnly: boolean;
  /** Every line that begins with #. */
  readonly tags: readonly string[];
}

/** The attributes of a tag's value. */
export function attributesOf(value: string): Attributes {
  return new Map(
    [...value.matchAll(/([A-Z0-9-]+)=(?:"([^"]*)"|([^,]*))/g)].map(([, name = "", quoted, plain = ""]) => [name, quoted ?? plain]),
  );
}

/** Reads a playlist. Throws when its first line is not #EXTM3U. */
export function parsePlaylist(text: string): Playlist {
  const lines = text.split("\n").filter((line) => line !== "");
  if (lines[0] !== "#EXTM3U") throw new Error(`no playlist: ${text.slice(0, 80)}`);
  const valuesOf = (tag: string): string[] => lines.flatMap((line) => (line.startsWith(`${tag}:`) ? [line.slice(tag.length + 1)] : []));
  const [map] = valuesOf("#EXT-X-MAP").map((value) => attributesOf(value).get("URI"));
  const [target] = valuesOf("#EXT-X-TARGETDURATION");
  return {
    variants: entriesOf(lines, "#EXT-X-STREAM-INF:").map(({ tags, uri }) => ({ uri, attributes: attributesOf(tags[0] ?? "") })),
    media: valuesOf("#EXT-X-MEDIA").map(attributesOf),
    iFrames: valuesOf("#EXT-X-I-FRAME-STREAM-INF").map(attributesOf),
    segments: entriesOf(lines, "#EXTINF:").map(({ tags, uri }) => segmentEntry(tags, uri)),
    map,
    targetDuration: target === undefined ? undefined : Number(target),
    isEnded: lines.at(-1) === "#EXT-X-ENDLIST",
    isIFramesOnly: lines.includes("#EXT-X-I-FRAMES-ONLY"),
    tags: lines.filter((line) => line.startsWith("#")),
  };
}

/** The URI lines whose tags, up to the URI before, hold `tag`: that tag's value and the tags after it. */
function entriesOf(lines: readonly string[], tag: string): { tags: readonly string[]; uri: string }[] {
  const uris = lines.flatMap((line, index) => (line.startsWith("#") ? [] : [index]));
  return uris.flatMap((at, position) => {
    const before = lines.slice((uris[position - 1] ?? -1) + 1, at);
    const first = before.findIndex((line) => line.startsWith(tag));
    const [head = "", ...rest] = before.slice(Math.max(0, first));
    return first < 0 ? [] : [{ tags: [head.slice(tag.length), ...rest], uri: lines[at] ?? "" }];
  });
}

function segmentEntry([duration = "", ...others]: readonly string[], uri: string): SegmentEntry {
  const [, bytes, offset] = /^#EXT-X-BYTERANGE:(\d+)@(\d+)$/m.exec(others.join("\n")) ?? [];
  const range = bytes === undefined ? {} : { range: { bytes: Number(bytes), offset: Number(offset) } };
  return { uri, seconds: Number.parseFloat(duration), ...range };
}
