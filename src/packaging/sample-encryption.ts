import type { Box } from "./boxes.ts";
import { BoxError, findBox } from "./boxes.ts";
import type { ProtectionFacts } from "./protection-boxes.ts";

/** How one sample is encrypted: its IV, 16 bytes, and what of it is clear and protected in turn. */
export interface SampleEncryption {
  readonly iv: Buffer;
  /** Undefined when the whole sample is protected. */
  readonly ranges?: readonly { readonly clearBytes: number; readonly protectedBytes: number }[];
}

const IV_BYTES = 16;
const HAS_RANGES = 0x2;

/** Reads the senc box of a track fragment (ISO/IEC 23001-7 7.2). Throws BoxError unless it speaks of `sampleCount` samples. */
export function readSampleEncryption(
  bytes: Buffer,
  traf: Box,
  { protection, sampleCount }: { protection: ProtectionFacts; sampleCount: number },
): readonly SampleEncryption[] {
  const constant = paddedIv(Buffer.from(protection.constantIv ?? "", "hex"));
  const senc = findBox(bytes, ["senc"], traf);
  if (!senc) {
    if (protection.ivBytes > 0) throw new BoxError("encrypted samples without their vectors");
    return Array.from({ length: sampleCount }, () => ({ iv: constant }));
  }
  if (bytes.readUInt32BE(senc.body + 4) !== sampleCount) throw new BoxError("senc counts other samples than the run");
  const hasRanges = (bytes.readUIntBE(senc.body + 1, 3) & HAS_RANGES) !== 0;
  let at = senc.body + 8;
  return Array.from({ length: sampleCount }, () => {
    const iv = protection.ivBytes > 0 ? paddedIv(bytes.subarray(at, at + protection.ivBytes)) : constant;
    at += protection.ivBytes;
    if (!hasRanges) return { iv };
    const count = bytes.readUInt16BE(at);
    const ranges = Array.from({ length: count }, (_, index) => ({
      clearBytes: bytes.readUInt16BE(at + 2 + 6 * index),
      protectedBytes: bytes.readUInt32BE(at + 4 + 6 * index),
    }));
    at += 2 + 6 * count;
    return { iv, ranges };
  });
}

/** A short IV is followed by a block counter that starts at 0. */
const paddedIv = (iv: Buffer): Buffer => Buffer.concat([iv, Buffer.alloc(IV_BYTES)], IV_BYTES);
