import type { Encryption } from "../domain/encryption.ts";
import type { RenditionFacts } from "./facts.ts";
import type { Presentation } from "./presentation.ts";

/** RFC 8216bis 4.4.4.4: SAMPLE-AES of fragmented MP4 is cbcs, SAMPLE-AES-CTR is cenc. */
const METHODS = { cbcs: "SAMPLE-AES", cenc: "SAMPLE-AES-CTR" } as const;
const IV_DIGITS = 32;

/** EXT-X-KEY of a rendition's playlists, for all of its segments; nothing for one in clear. */
export function keyTag({ protection }: RenditionFacts, encryption: Encryption | undefined): string[] {
  if (!protection || !encryption) return [];
  // Without an IV a player of identity keys would take the sequence number; other key systems find it in the init segment.
  const iv = encryption.hlsKeyFormat === "identity" ? protection.constantIv : undefined;
  return [`#EXT-X-KEY:${attributes(protection.keyId, encryption, iv)}`];
}

/** EXT-X-SESSION-KEY, so that a player asks for the one key of the asset before it reads a media playlist. */
export function sessionKeyTag({ plan, video, audio }: Presentation): string[] {
  const protection = (video[0] ?? audio[0])?.facts.protection;
  if (!protection || !plan.encryption) return [];
  return [`#EXT-X-SESSION-KEY:${attributes(protection.keyId, plan.encryption)}`];
}

function attributes(keyId: string, { scheme, hlsKeyUri, hlsKeyFormat }: Encryption, iv?: string): string {
  return [
    `METHOD=${METHODS[scheme]}`,
    `URI="${hlsKeyUri.replaceAll("{keyId}", keyId)}"`,
    ...(iv === undefined ? [] : [`IV=0x${iv.padEnd(IV_DIGITS, "0")}`]),
    `KEYFORMAT="${hlsKeyFormat}"`,
    'KEYFORMATVERSIONS="1"',
  ].join(",");
}
