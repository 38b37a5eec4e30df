import type { ContentKey, KeySource } from "../domain/encryption.ts";
import { KeyUnavailableError } from "../domain/errors.ts";
import { parseContentKey } from "./content-key.ts";
import type { KeyRequest } from "./key-server.ts";
import { askKeyServer } from "./key-server.ts";
import type { EnvironmentSecret } from "./read-secret.ts";
import { readSecret } from "./read-secret.ts";

/** Finds the key of one asset. Throws KeyUnavailableError or the signal's reason. */
export type FindKey = (source: KeySource, request: KeyRequest, signal: AbortSignal) => Promise<ContentKey>;

/** A FindKey over the secrets of this process and the key servers that ladders name. */
export function keyFinder(environmentSecret: EnvironmentSecret): FindKey {
  return async (source, request, signal) => {
    const key = parseContentKey(await keyText(source, request, { environmentSecret, signal }));
    if (key) return key;
    const where = source.kind === "server" ? "the key server's answer" : `the secret ${source.reference}`;
    throw new KeyUnavailableError(`${where} is not a key: {"keyId", "key"} or KEYID:KEY, 32 hex digits each`);
  };
}

async function keyText(
  source: KeySource,
  request: KeyRequest,
  { environmentSecret, signal }: { environmentSecret: EnvironmentSecret; signal: AbortSignal },
): Promise<string> {
  if (source.kind === "secret") return readSecret(source.reference, environmentSecret);
  const { authorization, ...server } = source;
  const header = authorization === undefined ? {} : { authorization: await readSecret(authorization, environmentSecret) };
  return askKeyServer({ ...server, ...header }, request, signal);
}
