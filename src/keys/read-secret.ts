import { open } from "node:fs/promises";
import { KeyUnavailableError } from "../domain/errors.ts";

/** The value that a variable had at start; undefined when it was not set. */
export type EnvironmentSecret = (name: string) => string | undefined;

/** A key, or a bearer token; more is the wrong file. */
const MAX_SECRET_BYTES = 8192;

/**
 * The text that a reference stands for: "env:NAME" as the configuration read it at start, "file:/path" as it is now, so
 * that a mounted secret may change. Throws KeyUnavailableError, which names the reference and never the text.
 */
export async function readSecret(reference: string, environmentSecret: EnvironmentSecret): Promise<string> {
  const name = reference.slice(reference.indexOf(":") + 1);
  const text = reference.startsWith("env:") ? environmentSecret(name) : await readFileSecret(name, reference);
  if (text === undefined || text.trim() === "") throw new KeyUnavailableError(`the secret ${reference} is not set`);
  return text.trim();
}

async function readFileSecret(path: string, reference: string): Promise<string> {
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_SECRET_BYTES), 0, MAX_SECRET_BYTES, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } catch (cause) {
    throw new KeyUnavailableError(`the secret ${reference} cannot be read`, { cause });
  }
}
