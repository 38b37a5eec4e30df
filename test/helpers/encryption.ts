import type { ContentKey, LadderEncryption } from "../../src/domain/encryption.ts";

export const KEY_ID = "00112233445566778899aabbccddeeff";
export const KEY = "8f1e2d3c4b5a69788796a5b4c3d2e1f0";
export const aKey: ContentKey = { keyId: KEY_ID, reveal: () => KEY };

/** The `encryption` of a ladder; its secret is the variable KEY. */
export const anEncryption = (changes: Partial<LadderEncryption> = {}): LadderEncryption => ({
  scheme: "cbcs",
  keySource: { kind: "secret", reference: "env:KEY" },
  hlsKeyUri: "https://keys.example/{keyId}",
  hlsKeyFormat: "identity",
  ...changes,
});
