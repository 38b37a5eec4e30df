/** How samples are encrypted (ISO/IEC 23001-7): cbcs plays everywhere, Apple included; cenc is for older players of DASH. */
export const PROTECTION_SCHEMES = ["cbcs", "cenc"] as const;
export type ProtectionScheme = (typeof PROTECTION_SCHEMES)[number];

/** Who a player asks for the key of an HLS playlist: itself at the URI, FairPlay, or the Clear Key system of EME. */
export const HLS_KEY_FORMATS = ["identity", "com.apple.streamingkeydelivery", "org.w3.clearkey"] as const;
export type HlsKeyFormat = (typeof HLS_KEY_FORMATS)[number];

/** What may be known of a protected asset; part of its plan and of its manifests. */
export interface Encryption {
  readonly scheme: ProtectionScheme;
  /** URI of EXT-X-KEY; "{keyId}" stands for the key id, 32 hex digits. */
  readonly hlsKeyUri: string;
  readonly hlsKeyFormat: HlsKeyFormat;
  /** Clear Key licence server that the MPD names. */
  readonly laUrl?: string;
}

/** Where the key of an asset comes from; names it, never holds it. */
export type KeySource =
  | { readonly kind: "secret"; readonly reference: string }
  | {
      readonly kind: "server";
      readonly url: string;
      readonly timeoutSeconds: number;
      /** Reference of the secret that is sent as the Authorization header. */
      readonly authorization?: string;
    };

/** The `encryption` of a ladder. */
export interface LadderEncryption extends Encryption {
  readonly keySource: KeySource;
}

/**
 * The one key of an asset. The key itself is behind a function, so that nothing that prints, logs or serialises this shows
 * it.
 */
export interface ContentKey {
  /** 32 hex digits, public. */
  readonly keyId: string;
  /** The key as 32 hex digits. */
  readonly reveal: () => string;
}

/** The ladder's encryption without where its key comes from: a reference can tell paths, names and hosts. */
export function publicEncryption({ keySource: _keySource, ...encryption }: LadderEncryption): Encryption {
  return encryption;
}

/** The text with every trace of the key taken out: for what programs say that were given it. */
export function withoutKey(text: string, key: ContentKey | undefined): string {
  return key === undefined ? text : text.replaceAll(new RegExp(key.reveal(), "gi"), "[key]");
}
