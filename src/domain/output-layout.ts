import { createHash } from "node:crypto";

/** The public names of an asset (ARCHITECTURE.md, published objects); everything under `r/` is immutable. */
export const ASSET_RECORD = "asset.json";
export const HLS_POINTER = "index.m3u8";
export const DASH_POINTER = "index.mpd";

/** Keys of one published asset in the bucket. */
export interface AssetKeys {
  readonly record: string;
  readonly hls: string;
  readonly dash: string;
}

/** The keys of the truth and the two pointers of an asset. */
export const assetKeys = (assetPath: string): AssetKeys => ({
  record: `${assetPath}/${ASSET_RECORD}`,
  hls: `${assetPath}/${HLS_POINTER}`,
  dash: `${assetPath}/${DASH_POINTER}`,
});

/** The folder of a revision relative to its asset: what the pointers' URIs begin with. */
export const revisionBase = (revision: string): string => `r/${revision}/`;

/** Copies of the pointers' texts inside their revision: a lost pointer is written again from them, and a rollback reads them. */
export const POINTER_COPIES = { hls: "pointer.m3u8", dash: "pointer.mpd" } as const;

/** A name no other attempt has: when it began, and chance. Sorts by time. */
export function newRevision(now: Date, randomHex: string): string {
  const stamp = now.toISOString().replaceAll(/[-:]|\.\d+Z$/g, "");
  return `${stamp}-${randomHex}`;
}

const EXTENSION = /(?<=[^/])\.[A-Za-z0-9]{1,5}$/;
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const UNSAFE_SEGMENT = /^\.{0,2}$|[\u0000-\u001f\u007f]/;

/**
 * Where a source's asset is published: `template` with "{key without extension}", "{key}" and "{bucket}" filled in. Keys
 * whose segments a URL would fold away ("..", "", control characters) get a plain name and a hash, so that no two meet.
 */
export function assetPathOf(template: string, { bucket, key }: { bucket: string; key: string }): string {
  const path = template
    .replaceAll("{key without extension}", () => key.replace(EXTENSION, ""))
    .replaceAll("{key}", () => key)
    .replaceAll("{bucket}", () => bucket);
  const segments = path.split("/");
  if (!segments.some((segment) => UNSAFE_SEGMENT.test(segment))) return path;
  const safe = segments.map((segment) => (UNSAFE_SEGMENT.test(segment) ? "_" : segment));
  return `${safe.join("/")}-${sha256(`${bucket}\n${key}`).slice(0, 8)}`;
}

/** A source in public: which object (first half) and which of its contents (second half), as hashes. */
export function sourceId({ bucket, key }: { bucket: string; key: string }, version: string): string {
  return `${sha256(`${bucket}\n${key}`).slice(0, 32)}-${sha256(version).slice(0, 16)}`;
}

/** Whether two source ids name the same object, whatever its contents. */
export const isSameObject = (a: string, b: string): boolean => a.split("-")[0] === b.split("-")[0];

/** Hex SHA-256. */
export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
