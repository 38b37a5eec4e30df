import { createDecipheriv } from "node:crypto";
import type { ContentKey } from "../domain/encryption.ts";
import { BoxError, findBox, needBox, readBoxes, readFields } from "./boxes.ts";
import type { InitFacts } from "./init-segment.ts";
import { readSamples } from "./media-segment.ts";
import type { ProtectionFacts } from "./protection-boxes.ts";
import { ENCRYPTED_ENTRIES, readProtection } from "./protection-boxes.ts";
import type { SampleEncryption } from "./sample-encryption.ts";
import { readSampleEncryption } from "./sample-encryption.ts";

const BLOCK_BYTES = 16;
const ALGORITHMS: Readonly<Record<string, string>> = { cbcs: "aes-128-cbc", cenc: "aes-128-ctr" };

/** An init segment as it would be in clear: same size, the sample entry under its own name. Throws BoxError. */
export function clearInit(bytes: Buffer): Buffer {
  const clear = Buffer.from(bytes);
  const stsd = needBox(clear, ["moov", "trak", "mdia", "minf", "stbl", "stsd"]);
  const [entry] = readBoxes(clear, stsd.body + 8, stsd.end);
  const fixedBytes = ENCRYPTED_ENTRIES[entry?.type ?? ""];
  if (!entry || fixedBytes === undefined) throw new BoxError("no encrypted sample entry");
  clear.write(readProtection(clear, entry).type, entry.start + 4, "latin1");
  const sinf = needBox(clear, ["sinf"], { body: entry.body + fixedBytes, end: entry.end });
  clear.write("free", sinf.start + 4, "latin1");
  return clear;
}

/**
 * A moof and its mdat as they would be in clear: same size, samples decrypted (ISO/IEC 23001-7, cbcs and cenc). ffmpeg's own
 * decryption loses count behind the first of several fragments (5.1). Throws BoxError.
 */
export function clearFragment(bytes: Buffer, { defaults, protection }: InitFacts, key: ContentKey): Buffer {
  if (!protection) throw new BoxError("a fragment of a track in clear");
  const clear = Buffer.from(bytes);
  return readFields(() => {
    const traf = needBox(clear, ["moof", "traf"]);
    const samples = readSamples(clear, traf, defaults);
    const encryption = readSampleEncryption(clear, traf, { protection, sampleCount: samples.length });
    for (const [index, { dataOffset, sizeBytes }] of samples.entries()) {
      const how = encryption[index];
      if (how) decryptSample(clear.subarray(dataOffset, dataOffset + sizeBytes), how, { protection, key });
    }
    for (const type of ["senc", "saiz", "saio"]) {
      const box = findBox(clear, [type], traf);
      if (box) clear.write("free", box.start + 4, "latin1");
    }
    return clear;
  });
}

/** In place. */
function decryptSample(
  sample: Buffer,
  { iv, ranges = [{ clearBytes: 0, protectedBytes: sample.length }] }: SampleEncryption,
  { protection, key }: { protection: ProtectionFacts; key: ContentKey },
): void {
  const algorithm = ALGORITHMS[protection.scheme];
  if (algorithm === undefined) throw new BoxError(`unexpected scheme ${protection.scheme}`);
  const open = () => createDecipheriv(algorithm, Buffer.from(key.reveal(), "hex"), iv).setAutoPadding(false);
  // The counter of cenc runs on from range to range of a sample; cbcs begins each range with the IV again.
  const whole = open();
  let at = 0;
  for (const { clearBytes, protectedBytes } of ranges) {
    const range = sample.subarray(at + clearBytes, at + clearBytes + protectedBytes);
    if (range.length < protectedBytes) throw new BoxError("a protected range leaves its sample");
    if (protection.scheme === "cenc") whole.update(range).copy(range);
    else decryptPattern(range, protection, (blocks) => open().update(blocks));
    at += clearBytes + protectedBytes;
  }
}

/** The encrypted blocks of a range are one chain, whatever lies between them; a last block that is not whole is clear. */
function decryptPattern(range: Buffer, { cryptBlocks, skipBlocks }: ProtectionFacts, decrypt: (blocks: Buffer) => Buffer): void {
  const period = cryptBlocks + skipBlocks;
  const offsets = Array.from({ length: Math.floor(range.length / BLOCK_BYTES) }, (_, block) => block)
    .filter((block) => period === 0 || block % period < cryptBlocks)
    .map((block) => block * BLOCK_BYTES);
  const chain = decrypt(Buffer.concat(offsets.map((at) => range.subarray(at, at + BLOCK_BYTES))));
  for (const [index, at] of offsets.entries()) chain.copy(range, at, index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES);
}
