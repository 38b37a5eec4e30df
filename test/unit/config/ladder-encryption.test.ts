import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConfigError } from "../../../src/config/config-error.ts";
import { unknownVariables } from "../../../src/config/environment.ts";
import { environmentSecretOf, layoutProblems, missingSecrets, secretVariables } from "../../../src/config/ladder-encryption.ts";
import { loadLadders } from "../../../src/config/ladders.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { KEY, anEncryption } from "../../helpers/encryption.ts";
import { aLadder } from "../../helpers/ladders.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ladderd-ladders-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const SERVER = { kind: "server", url: "https://keys.example/key", timeoutSeconds: 5 } as const;

/** The ladders of a folder with one file of this encryption. */
function laddersWith(encryption: unknown): ReturnType<typeof loadLadders> {
  writeFileSync(join(folder, "test.json"), JSON.stringify({ ...aLadder(), encryption }));
  return loadLadders(folder);
}

function problemsWith(change: Readonly<Record<string, unknown>>): readonly string[] {
  try {
    laddersWith({ ...anEncryption(), ...change });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe("a ladder's encryption", () => {
  it.each([
    ["a secret of the environment", anEncryption()],
    ["a secret of a file", anEncryption({ keySource: { kind: "secret", reference: "file:/run/secrets/key" } })],
    ["a key server", anEncryption({ keySource: { ...SERVER, authorization: "env:TOKEN" } })],
    ["FairPlay", anEncryption({ hlsKeyUri: "skd://{keyId}", hlsKeyFormat: "com.apple.streamingkeydelivery" })],
    ["a licence server", anEncryption({ scheme: "cenc", laUrl: "https://licences.example/" })],
    [
      "servers of this machine over http",
      anEncryption({ keySource: { ...SERVER, url: "http://127.0.0.1:8080/k" }, hlsKeyUri: "http://localhost/k" }),
    ],
  ])("can be %s", (_what, encryption) => {
    expect(laddersWith(encryption).get("test")?.encryption).toEqual(encryption);
  });

  it("asks a key server for ten seconds and speaks of identity keys unless it says otherwise", () => {
    const { hlsKeyFormat: _format, ...rest } = anEncryption();
    const found = laddersWith({ ...rest, keySource: { kind: "server", url: SERVER.url } }).get("test")?.encryption;
    expect(found).toMatchObject({ hlsKeyFormat: "identity", keySource: { timeoutSeconds: 10 } });
  });

  it.each([
    ["a scheme without a meaning", { scheme: "cbc1" }, "scheme"],
    ["a key in the place of its reference", { keySource: { kind: "secret", reference: KEY } }, "keySource.reference"],
    ["a secret of another store", { keySource: { kind: "secret", reference: "secretsmanager:arn" } }, "keySource.reference"],
    ["a path that is not absolute", { keySource: { kind: "secret", reference: "file:key" } }, "keySource.reference"],
    ["a key server in clear", { keySource: { ...SERVER, url: "http://keys.example/" } }, "keySource.url"],
    ["a password in an address", { keySource: { ...SERVER, url: "https://me:secret@keys.example/" } }, "keySource.url"],
    ["a key source nobody reads", { keySource: { kind: "key", key: KEY } }, "keySource"],
    ["a URI that breaks its quotes", { hlsKeyUri: 'https://keys.example/"' }, "hlsKeyUri"],
    ["keys in clear", { hlsKeyUri: "http://keys.example/{keyId}" }, "hlsKeyUri"],
    ["a key in its own URI", { hlsKeyUri: "data:text/plain;base64,AAAA" }, "hlsKeyUri"],
    ["FairPlay with cenc", { scheme: "cenc", hlsKeyFormat: "com.apple.streamingkeydelivery" }, "scheme"],
    ["a field nobody reads", { key: KEY }, "encryption"],
  ])("cannot be %s", (_what, change, field) => {
    const found = problemsWith(change);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain("config/ladders/test.json: encryption");
    expect(found[0]).toContain(field);
    expect(found[0]).not.toContain(KEY);
  });
});

describe("the secrets of ladders", () => {
  it("are read from the environment once, and only those that a ladder names", () => {
    const names = secretVariables(laddersWith(anEncryption()).values());
    const secretOf = environmentSecretOf({ KEY: ` ${KEY} `, HOME: "/root" }, names);
    expect([names, secretOf("KEY"), secretOf("HOME")]).toEqual([["KEY"], KEY, undefined]);
  });

  it("may have the prefix of settings", () => {
    const env = { LADDERD_FILM_KEY: KEY, LADDERD_FILM_KAY: KEY };
    const ladders = laddersWith(anEncryption({ keySource: { ...SERVER, authorization: "env:LADDERD_FILM_KEY" } }));
    expect(unknownVariables(env, secretVariables(ladders.values()))).toEqual([expect.stringMatching(/^LADDERD_FILM_KAY: /)]);
  });

  it("are missed before the first job needs one", () => {
    const ladders = laddersWith(anEncryption());
    const config = { ...loadConfig({ env: {} }), environmentSecret: environmentSecretOf({ KEY: "" }, ["KEY"]) };
    expect(missingSecrets(ladders, config)).toEqual(["KEY: is not set, and a ladder's encryption takes its secret from it"]);
  });

  it("are not asked for in a layout that would show the film in clear", () => {
    const { compat } = loadConfig({ env: { LADDERD_COMPAT_OUTPUT_LAYOUT: "elastic-transcoder" } });
    expect(layoutProblems(laddersWith(anEncryption()), { compat })).toEqual([expect.stringMatching(/^compat\.outputLayout: ladder test /)]);
    expect(layoutProblems(laddersWith(undefined), { compat })).toEqual([]);
    expect(layoutProblems(laddersWith(anEncryption()), loadConfig({ env: {} }))).toEqual([]);
  });

  it("do not show when the configuration is printed", () => {
    const config = { ...loadConfig({ env: {} }), environmentSecret: environmentSecretOf({ KEY }, ["KEY"]) };
    expect(JSON.stringify(config)).not.toContain(KEY);
  });
});
