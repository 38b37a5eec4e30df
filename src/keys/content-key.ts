import { z } from "zod";
import type { ContentKey } from "../domain/encryption.ts";

/** Key servers write key ids as UUIDs or as plain digits. */
const keyId = z
  .string()
  .transform((text) => text.replaceAll("-", "").toLowerCase())
  .pipe(z.string().regex(/^[0-9a-f]{32}$/));
const key = z
  .string()
  .regex(/^[0-9a-f]{32}$/i)
  .toLowerCase();
const answer = z.object({ keyId, key });

/**
 * Reads `{"keyId", "key"}` as JSON, or `KEYID:KEY`, 32 hex digits each. Undefined for anything else: the text is a secret
 * and must not stand in an error.
 */
export function parseContentKey(text: string): ContentKey | undefined {
  const parsed = answer.safeParse(fieldsOf(text.trim()));
  if (!parsed.success) return undefined;
  const { data } = parsed;
  return { keyId: data.keyId, reveal: () => data.key };
}

function fieldsOf(text: string): unknown {
  const [id, digits, ...rest] = text.split(":");
  if (!text.startsWith("{") && rest.length === 0) return { keyId: id, key: digits };
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
