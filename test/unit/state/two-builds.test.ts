import { describe, expect, test } from "vitest";
import { ClaimHeldError } from "../../../src/domain/errors.ts";
import { parseAssetRecord } from "../../../src/publish/asset-record.ts";
import { decide } from "../../../src/publish/decide.ts";
import { claimTaker } from "../../../src/state/claims.ts";
import { createFailureStore } from "../../../src/state/failures.ts";
import { memoryStore } from "../../helpers/memory-store.ts";
import { aCandidate, aRecord } from "../../helpers/records.ts";

const LEASE = { visibilitySeconds: 300, everySeconds: 60, marginSeconds: 60 };
const REQUEST = { jobId: "job", messageId: "m1", sourceId: "source", ladderHash: "ladder", assetPath: "films/a" };
const NEWER = { ofANewerBuild: { any: ["thing"] } };
const { signal } = new AbortController();

/** What another build would have written: the same record and a field that this one does not know. */
async function rewritten(store: ReturnType<typeof memoryStore>): Promise<void> {
  for (const [key, { bytes }] of store.objects) {
    const record: unknown = JSON.parse(bytes.toString());
    await store.writeText({ key, text: JSON.stringify(Object.assign({}, record, NEWER)), headers: { contentType: "", cacheControl: "" } });
  }
}

describe("fault 63: beside a newer build in the fleet", () => {
  test("a claim of its own is respected", async () => {
    const store = memoryStore();
    const held = await claimTaker({ store, lease: LEASE })(REQUEST, signal);
    await rewritten(store);
    await expect(claimTaker({ store, lease: LEASE })({ ...REQUEST, messageId: "m2" }, signal)).rejects.toBeInstanceOf(ClaimHeldError);
    await held.end("published");
  });

  test("an asset that it published is a duplicate, not a reason to publish again", () => {
    const there = parseAssetRecord(JSON.stringify({ ...aRecord(), ...NEWER }));
    expect(there).toMatchObject(NEWER);
    expect(decide(there, aCandidate())).toBe("duplicate");
  });

  test("failures that it recorded count", async () => {
    const store = memoryStore();
    const failures = createFailureStore(store);
    const failure = { jobId: "job", messageId: "m1", error: new Error("x"), body: "{}" };
    await failures.record(failure);
    await rewritten(store);
    expect(await failures.record(failure)).toMatchObject({ failures: 2 });
  });
});
