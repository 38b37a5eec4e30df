import { sampleEntriesOf } from "./sample-entries.ts";

/** Common Encryption, and FairPlay's of the iTunes Store. */
const ENCRYPTED_ENTRIES: ReadonlySet<string> = new Set(["encv", "enca", "encs", "enct", "drmi", "drms"]);

const EBML = Buffer.from("1a45dfa3", "hex");
/** ContentEncryption, and a ContentEncAlgo of one byte (RFC 9559 5.1.4.1.31.8 and .9): the headers of the tracks name them. */
const ENCRYPTION = [Buffer.from("5035", "hex"), Buffer.from("47e181", "hex")] as const;

/** An algorithm comes first or after a key's name and its settings. */
const ENCRYPTION_BYTES = 128;

const ASF = Buffer.from("3026b2758e66cf11a6d900aa0062ce6c", "hex");
/** Content Encryption Object and Extended Content Encryption Object (Advanced Systems Format 1.20.03, 3.14 and 3.15). */
const ASF_ENCRYPTION = [
  Buffer.from("fbb3112223bdd211b4b700a0c955fc6e", "hex"),
  Buffer.from("14e68a292226174cb935dae07ee9289c", "hex"),
] as const;

const TS_PACKET_BYTES = 188;
const TS_SYNC = 0x47;
const TS_PACKETS_LOOKED_AT = 16;

/**
 * Whether the first few KB of a file say that what follows is encrypted: Matroska and WebM by their track headers, ASF by
 * its DRM objects, a transport stream by its scrambled packets (ISO/IEC 13818-1 2.4.3.3).
 */
export function isEncryptedHead(head: Buffer): boolean {
  if (head.subarray(0, 4).equals(EBML)) {
    const [encryption, algorithm] = ENCRYPTION;
    const at = head.indexOf(encryption);
    return at >= 0 && head.subarray(at, at + ENCRYPTION_BYTES).includes(algorithm);
  }
  if (head.subarray(0, 16).equals(ASF)) return ASF_ENCRYPTION.some((mark) => head.includes(mark));
  return isScrambled(head);
}

/** A stream that a receiver kept as it came has its tables in clear and its programmes scrambled. */
function isScrambled(head: Buffer): boolean {
  const starts = Array.from({ length: TS_PACKETS_LOOKED_AT }, (_, index) => index * TS_PACKET_BYTES);
  if (!starts.every((at) => head[at] === TS_SYNC)) return false;
  const scrambled = starts.filter((at) => ((head[at + 3] ?? 0) & 0xc0) !== 0);
  return scrambled.length > TS_PACKETS_LOOKED_AT / 2;
}

/**
 * Whether a file of ISO base media has a track under Common Encryption (ISO/IEC 23001-7). ffprobe shows such a track under
 * its original codec, as if it could be decoded. False for anything that is not such a file.
 */
export async function isEncrypted(path: string): Promise<boolean> {
  return (await sampleEntriesOf(path)).flat().some((type) => ENCRYPTED_ENTRIES.has(type));
}
