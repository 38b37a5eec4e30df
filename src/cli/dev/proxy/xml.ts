import { decodeKey, encodeKey, keyToPath } from "./keys.ts";

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Text as XML content; control characters become references, as S3 writes them. */
export const escapeXml = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replace(/\p{Cc}/gu, (char) => `&#x${char.charCodeAt(0).toString(16)};`);

/** The inverse of escapeXml; understands decimal and hexadecimal references. */
export const unescapeXml = (text: string): string =>
  text.replace(/&(#x[0-9a-f]+|#\d+|\w+);/gi, (whole, name: string) => {
    if (!name.startsWith("#")) return ENTITIES[name] ?? whole;
    return String.fromCodePoint(Number(name.toLowerCase().startsWith("#x") ? `0${name.slice(1)}` : name.slice(1)));
  });

/** An answer of fauxqs with the clients' keys in place of its own; percent-encoded when the client asked for it. */
export function decodeAnswer(xml: string, { urlEncoded = false, endpoint = "" } = {}): string {
  const shown = (key: string): string => (urlEncoded ? keyToPath(key) : escapeXml(key));
  const decoded = xml
    .replace(/(?<=<(?:Key|Prefix|StartAfter|Marker|NextMarker|Delimiter)>)[0-9a-v/]+(?=<)/g, (name) => {
      const key = decodeKey(name);
      return key === undefined ? name : shown(key);
    })
    .replace(/(?<=<(?:Location|Resource)>)[^<]+(?=<)/g, (address) => decodeAddress(address, endpoint));
  return urlEncoded ? decoded.replace("</ListBucketResult>", "<EncodingType>url</EncodingType></ListBucketResult>") : decoded;
}

/** "http://fauxqs/bucket/name" or "/bucket/name". */
function decodeAddress(address: string, endpoint: string): string {
  const { host, bucket, name } = /^(?<host>https?:\/\/[^/]+)?(?<bucket>\/[^/]+\/)(?<name>[0-9a-v/]+)$/.exec(address)?.groups ?? {};
  const key = decodeKey(name ?? "?");
  return key === undefined ? address : `${host === undefined ? "" : endpoint}${bucket}${escapeXml(keyToPath(key))}`;
}

/** A DeleteObjects body with fauxqs's keys in place of the client's. */
export const encodeDeleteBody = (xml: string): string =>
  xml.replace(/<Key>([\s\S]*?)<\/Key>/g, (_, key: string) => `<Key>${encodeKey(unescapeXml(key))}</Key>`);
