/**
 * The names objects have inside fauxqs, which writes `../../x` outside its folder, folds `a//b`, sorts by locale and
 * compares by code unit. Each UTF-8 byte becomes two letters, high nibble g-v, low nibble 0-9a-f, with a "/" between
 * groups of 100 bytes. So encoded names are safe paths whose parts fit a file name (255 bytes), sort as S3 sorts (by
 * byte), keep the prefix relation, and contain an encoded delimiter only where the key contains the delimiter.
 */
const GROUP_BYTES = 100;
const HIGH = "ghijklmnopqrstuv";
const LOW = "0123456789abcdef";
/** S3's limit for a key, in bytes of UTF-8. */
export const MAX_KEY_BYTES = 1024;

/** The name of this key (or key prefix) inside fauxqs. */
export function encodeKey(key: string): string {
  let encoded = "";
  for (const [index, byte] of Buffer.from(key, "utf8").entries()) {
    if (index > 0 && index % GROUP_BYTES === 0) encoded += "/";
    encoded += HIGH.charAt(byte >> 4) + LOW.charAt(byte & 15);
  }
  return encoded;
}

/** The key of this name; undefined when encodeKey never makes it. */
export function decodeKey(encoded: string): string | undefined {
  const letters = encoded.replaceAll("/", "");
  if (!/^(?:[g-v][0-9a-f])*$/.test(letters)) return undefined;
  const bytes = Buffer.alloc(letters.length / 2);
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = (HIGH.indexOf(letters.charAt(2 * index)) << 4) | LOW.indexOf(letters.charAt(2 * index + 1));
  }
  return bytes.toString("utf8");
}

/** A key as the path of a URL: every byte outside RFC 3986's unreserved set percent-encoded, slashes kept. */
export const keyToPath = (key: string): string =>
  encodeURIComponent(key)
    .replaceAll("%2F", "/")
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** The key in the path of a request as it came over the wire (never normalised); undefined when it is not valid UTF-8. */
export function pathToKey(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/** A key as S3 writes it in an event: form-urlencoded, slashes kept (RELIABILITY.md §3). */
export const keyToEvent = (key: string): string => new URLSearchParams([["", key]]).toString().slice(1).replaceAll("%2F", "/");
