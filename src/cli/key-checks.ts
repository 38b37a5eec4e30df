import type { Config } from "../config/config.ts";
import type { KeySource } from "../domain/encryption.ts";
import type { Ladder } from "../domain/ladder.ts";
import { keyFinder } from "../keys/find-key.ts";
import { readSecret } from "../keys/read-secret.ts";
import type { Check } from "./checks.ts";

/**
 * One check for each ladder with encryption: its secret is there and is a key. A key server is not asked, since it may make a
 * key for every question; the secret it demands is looked for.
 */
export const keyChecks = ({ environmentSecret }: Pick<Config, "environmentSecret">, ladders: Iterable<Ladder>): readonly Check[] =>
  [...ladders].flatMap(({ name, encryption }) =>
    encryption === undefined
      ? []
      : [
          {
            name: "encryption key",
            run: async (signal) => ({
              status: "ok",
              detail: `ladder ${name}: ${await describe(encryption.keySource, { environmentSecret, signal })}`,
            }),
          } satisfies Check,
        ],
  );

async function describe(
  source: KeySource,
  { environmentSecret, signal }: Pick<Config, "environmentSecret"> & { readonly signal: AbortSignal },
): Promise<string> {
  if (source.kind === "secret") {
    const { keyId } = await keyFinder(environmentSecret)(source, { assetPath: "", revision: "", scheme: "" }, signal);
    return `key id ${keyId} from ${source.reference}`;
  }
  if (source.authorization !== undefined) await readSecret(source.authorization, environmentSecret);
  return `keys from ${new URL(source.url).host}, which is asked for each job`;
}
