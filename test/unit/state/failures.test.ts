import { describe, expect, test } from "vitest";
import { SourceError } from "../../../src/domain/errors.ts";
import { createFailureStore } from "../../../src/state/failures.ts";
import { aTextStore } from "../queue/doubles.ts";

const NOW = new Date("2026-11-20T10:00:00Z");
const record = async (failure: Partial<Parameters<ReturnType<typeof createFailureStore>["record"]>[0]>, stored = aTextStore()) => {
  const result = await createFailureStore(stored.store, () => NOW).record({
    messageId: "m-1",
    error: new Error("x"),
    body: "{}",
    ...failure,
  });
  return { result, keys: [...stored.texts.keys()], text: [...stored.texts.values()].at(-1)?.text ?? "" };
};

describe("the failure record", () => {
  test("says what failed, whose fault it is and when, under the job's id", async () => {
    const error = new SourceError("source_empty", "the object is empty", { facts: { sizeBytes: 0 } });
    const { result, keys, text } = await record({ jobId: "abc", error });
    expect(keys).toEqual(["failures/abc.json"]);
    expect(JSON.parse(text)).toEqual(result);
    expect(result).toEqual({
      ladderd: 1,
      jobId: "abc",
      messageId: "m-1",
      code: "source_empty",
      reason: "the object is empty",
      fault: "source",
      fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      facts: { sizeBytes: 0 },
      failures: 1,
      body: "{}",
      failedAt: "2026-11-20T10:00:00.000Z",
    });
  });

  test("is kept under the message's id when there is no job", async () => {
    expect((await record({})).keys).toEqual(["failures/m-1.json"]);
  });

  test("never lets an id choose another place", async () => {
    const [key] = (await record({ messageId: "../../claims/x" })).keys;
    expect(key).toMatch(/^failures\/[0-9a-f]{32}\.json$/);
  });

  test("counts a job's failures", async () => {
    const stored = aTextStore();
    await record({ jobId: "abc" }, stored);
    await record({ jobId: "abc" }, stored);
    expect((await record({ jobId: "abc" }, stored)).result.failures).toBe(3);
  });

  test("starts anew over a record that cannot be read", async () => {
    const stored = aTextStore();
    stored.texts.set("failures/abc.json", { text: "{", etag: "1", ageSeconds: 0, readAtMs: 0 });
    expect((await record({ jobId: "abc" }, stored)).result.failures).toBe(1);
  });

  test("cuts the body and escapes what a terminal would obey", async () => {
    const { result } = await record({ body: `\u001B[2J\u202E${"x".repeat(100_000)}` });
    expect(result.body.startsWith(String.raw`\u{1b}[2J\u{202e}xxx`)).toBe(true);
    expect(result.body.length).toBeLessThan(10_000);
  });

  test("takes errors that are none and facts that JSON has no form for", async () => {
    expect((await record({ error: "text" })).result).toMatchObject({ code: "unknown", reason: "text", fault: "service" });
    const error = new SourceError("source_empty", "x", { facts: { size: 10n } });
    expect(JSON.parse((await record({ error })).text)).toMatchObject({ facts: { size: "10" } });
  });

  test("has one fingerprint for failures that are alike but for numbers and names", async () => {
    const fingerprint = async (message: string): Promise<string> =>
      (await record({ error: new SourceError("source_limits", message) })).result.fingerprint;
    expect(await fingerprint("9000x80 is above limits.maxWidth 8192")).toBe(await fingerprint("9100x90 is above limits.maxWidth 8000"));
    expect(await fingerprint("the source has no duration")).not.toBe(await fingerprint("9100x90 is above limits.maxWidth 8000"));
  });

  test("keeps what was found out before the failure", async () => {
    expect((await record({ notes: { probe: { durationSeconds: 3 } } })).result).toMatchObject({ probe: { durationSeconds: 3 } });
    expect((await record({ notes: {} })).result).not.toHaveProperty("probe");
  });
});
