import { createHash } from "node:crypto";

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

/** Hex SHA-256 of a text in UTF-8, or of bytes. */
export const sha256 = (content: string | Buffer): string => createHash("sha256").update(content).digest("hex");
