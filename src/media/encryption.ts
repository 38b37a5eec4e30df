import { sampleEntriesOf } from "./sample-entries.ts";

const ENCRYPTED_ENTRIES: ReadonlySet<string> = new Set(["encv", "enca"]);

/**
 * Whether a file of ISO base media has a track under Common Encryption (ISO/IEC 23001-7). ffprobe shows such a track under
 * its original codec, as if it could be decoded. False for anything that is not such a file.
 */
export async function isEncrypted(path: string): Promise<boolean> {
  return (await sampleEntriesOf(path)).flat().some((type) => ENCRYPTED_ENTRIES.has(type));
}
