import { describe, expect, it } from "vitest";
import { describeFinding, runCheck } from "../../../src/cli/checks.ts";
import { keyChecks } from "../../../src/cli/key-checks.ts";
import type { KeySource } from "../../../src/domain/encryption.ts";
import { KEY, KEY_ID, anEncryption } from "../../helpers/encryption.ts";
import { aLadder } from "../../helpers/ladders.ts";

const { signal } = new AbortController();
const SERVER = { kind: "server", url: "https://keys.example/key?tenant=1", timeoutSeconds: 5 } as const;

/** The lines of `doctor` for one ladder with this key source. */
async function linesFor(keySource: KeySource, secrets: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
  const ladders = [aLadder(), aLadder({ name: "films", encryption: anEncryption({ keySource }) })];
  const checks = keyChecks({ environmentSecret: (name) => secrets[name] }, ladders);
  return Promise.all(checks.map(async (check) => describeFinding(await runCheck(check, signal))));
}

describe("doctor, of a ladder with encryption,", () => {
  it("says which key it has, and not the key", async () => {
    expect(await linesFor({ kind: "secret", reference: "env:KEY" }, { KEY: `${KEY_ID}:${KEY}` })).toEqual([
      `✓ encryption key   ladder films: key id ${KEY_ID} from env:KEY`,
    ]);
  });

  it("says that its secret is missing, or no key", async () => {
    expect(await linesFor({ kind: "secret", reference: "env:KEY" })).toEqual(["✗ encryption key   the secret env:KEY is not set"]);
    const [line = ""] = await linesFor({ kind: "secret", reference: "env:KEY" }, { KEY });
    expect(line).toMatch(/^✗ encryption key {3}the secret env:KEY is not a key/);
    expect(line).not.toContain(KEY);
  });

  it("does not ask a key server, and looks for the secret it demands", async () => {
    expect(await linesFor(SERVER)).toEqual(["✓ encryption key   ladder films: keys from keys.example, which is asked for each job"]);
    expect(await linesFor({ ...SERVER, authorization: "env:TOKEN" })).toEqual(["✗ encryption key   the secret env:TOKEN is not set"]);
  });
});
