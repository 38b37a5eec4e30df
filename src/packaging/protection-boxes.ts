import type { Box } from "./boxes.ts";
import { BoxError, findBox, needBox } from "./boxes.ts";

/** What an init segment says of its track's protection (ISO/IEC 23001-7 8.2). */
export interface ProtectionFacts {
  /** "cbcs" or "cenc". */
  readonly scheme: string;
  /** 32 hex digits. */
  readonly keyId: string;
  /** Of each sample's own IV; 0 where one constant IV serves all samples. */
  readonly ivBytes: number;
  /** Hex digits. */
  readonly constantIv?: string;
  /** Of a protected range this many blocks are encrypted, then so many not, and again; 0 and 0 for all of them. */
  readonly cryptBlocks: number;
  readonly skipBlocks: number;
}

/** Bytes of fixed fields in front of the boxes inside an encrypted sample entry. */
export const ENCRYPTED_ENTRIES: Readonly<Record<string, number>> = { encv: 78, enca: 28 };

/**
 * The codec's own type of a sample entry, and its protection if it is an encrypted one. Throws BoxError when the entry
 * claims to be encrypted and does not say how.
 */
export function readProtection(bytes: Buffer, entry: Box): { readonly type: string; readonly protection?: ProtectionFacts } {
  const fixedBytes = ENCRYPTED_ENTRIES[entry.type];
  if (fixedBytes === undefined) return { type: entry.type };
  const sinf = needBox(bytes, ["sinf"], { body: entry.body + fixedBytes, end: entry.end });
  const [frma, schm] = [needBox(bytes, ["frma"], sinf), needBox(bytes, ["schm"], sinf)];
  const tenc = findBox(bytes, ["schi", "tenc"], sinf);
  if (!tenc || bytes.readUInt8(tenc.body + 6) !== 1) throw new BoxError("an encrypted sample entry without protected samples");
  const scheme = bytes.toString("latin1", schm.body + 4, schm.body + 8);
  return { type: bytes.toString("latin1", frma.body, frma.body + 4), protection: { scheme, ...readDefaults(bytes, tenc) } };
}

/** Version 0 knows no pattern; the constant IV follows the key id. */
function readDefaults(bytes: Buffer, { body }: Box): Omit<ProtectionFacts, "scheme"> {
  const [version, pattern, ivBytes] = [bytes.readUInt8(body), bytes.readUInt8(body + 5), bytes.readUInt8(body + 7)];
  const constantBytes = ivBytes === 0 ? bytes.readUInt8(body + 24) : 0;
  return {
    keyId: bytes.toString("hex", body + 8, body + 24),
    ivBytes,
    ...(constantBytes > 0 ? { constantIv: bytes.toString("hex", body + 25, body + 25 + constantBytes) } : {}),
    cryptBlocks: version === 0 ? 0 : pattern >> 4,
    skipBlocks: version === 0 ? 0 : pattern & 0xf,
  };
}
