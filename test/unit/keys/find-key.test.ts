import { mkdir, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { keyFinder } from "../../../src/keys/find-key.ts";
import { KEY, KEY_ID } from "../../helpers/encryption.ts";
import { settled } from "../../helpers/outcome.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";

const { signal } = new AbortController();
const request = { assetPath: "films/a", revision: "20260102T030405-00000001", scheme: "cbcs" };
const find = (reference: string, secrets: Readonly<Record<string, string>> = {}) =>
  keyFinder((name) => secrets[name])({ kind: "secret", reference }, request, signal);

describe("keyFinder, for a secret,", () => {
  test("takes it from the environment as it was read at start", async () => {
    const key = await find("env:FILM_KEY", { FILM_KEY: `${KEY_ID}:${KEY}` });
    expect([key.keyId, key.reveal()]).toEqual([KEY_ID, KEY]);
  });

  test("reads its file at each use, so that a mounted secret may change", async () => {
    await using folder = await temporaryFolder();
    const path = folder.in("key");
    await writeFile(path, `${KEY_ID}:${KEY}\n`);
    expect((await find(`file:${path}`)).reveal()).toBe(KEY);
    await writeFile(path, JSON.stringify({ keyId: KEY, key: KEY_ID }));
    expect((await find(`file:${path}`)).reveal()).toBe(KEY_ID);
  });

  test("is to be tried again when the variable is not set, and names it", async () => {
    await expect(find("env:FILM_KEY")).rejects.toMatchObject({
      code: "storage_throttled",
      disposition: "retry",
      message: "the secret env:FILM_KEY is not set",
    });
  });

  test("is to be tried again when there is no such file, or a folder in its place", async () => {
    await using folder = await temporaryFolder();
    await mkdir(folder.in("key"));
    for (const name of ["key", "none"]) {
      await expect(find(`file:${folder.in(name)}`)).rejects.toMatchObject({
        disposition: "retry",
        message: `the secret file:${folder.in(name)} cannot be read`,
      });
    }
  });

  test("says that a secret is no key without saying what it is", async () => {
    const outcome = await settled(find("env:FILM_KEY", { FILM_KEY: `${KEY_ID};${KEY}` }));
    const error = "error" in outcome && outcome.error instanceof Error ? outcome.error : undefined;
    expect(error?.message).toMatch(/^the secret env:FILM_KEY is not a key/);
    expect(`${error?.stack} ${JSON.stringify(error)}`).not.toContain(KEY);
  });
});
