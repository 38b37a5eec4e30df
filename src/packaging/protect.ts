import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EncodePlan } from "../domain/encode-plan.ts";
import type { ContentKey, Encryption } from "../domain/encryption.ts";
import { KeyUnavailableError } from "../domain/errors.ts";

/** The packager's options for protection; dispose of it when the packager has ended. */
interface Protection extends AsyncDisposable {
  readonly options: readonly string[];
}

const FLAG_FILE = "key.flags";
/** For every label that the packager gives to tracks. */
const keyFlags = ({ keyId, reveal }: ContentKey): string => `--keys=label=:key_id=${keyId}:key=${reveal()}\n`;

/**
 * The packager options that protect every track of the plan with one key; none for a plan in clear. The key comes by a flag
 * file in `folder` that only this user can read: the arguments of a process are there for every other one to see. Throws
 * KeyUnavailableError for a plan that asks for protection when there is no key.
 */
export async function openProtection({ encryption }: EncodePlan, key: ContentKey | undefined, folder: string): Promise<Protection> {
  if (!encryption) return { options: [], [Symbol.asyncDispose]: () => Promise.resolve() };
  if (!key) throw new KeyUnavailableError("the plan asks for encryption and there is no key");
  const flagFile = join(folder, FLAG_FILE);
  await writeFile(flagFile, keyFlags(key), { mode: 0o600 });
  return { options: compileProtection(encryption, flagFile), [Symbol.asyncDispose]: () => rm(flagFile, { force: true }) };
}

/** The options alone. */
export const compileProtection = ({ scheme }: Encryption, flagFile: string): readonly string[] => [
  "--enable_raw_key_encryption",
  ...["--protection_scheme", scheme],
  // A clear lead would need another sample description, another EXT-X-KEY and a first segment that anybody can play.
  ...["--clear_lead", "0"],
  `--flagfile=${flagFile}`,
];
