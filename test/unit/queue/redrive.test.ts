import { describe, expect, test } from "vitest";
import { InvalidJobError, SourceError } from "../../../src/domain/errors.ts";
import type { DeadLetter, DeadLetters } from "../../../src/queue/dead-letters.ts";
import type { RedriveChoice } from "../../../src/queue/failure-groups.ts";
import { requestedJobId } from "../../../src/queue/job-id.ts";
import { redrive } from "../../../src/queue/redrive.ts";
import { createFailureStore } from "../../../src/state/failures.ts";
import { failureReader, forgiver } from "../../../src/state/forgive.ts";
import { recordedLetters } from "../../../src/state/recorded-letters.ts";
import type { MemoryStore } from "../../helpers/memory-store.ts";
import { memoryStore } from "../../helpers/memory-store.ts";

const { signal } = new AbortController();
const RULES = { uploadBuckets: ["uploads"], publishBucket: "published" };
const NOW_MS = Date.parse("2026-01-02T03:00:00Z");
const HEADERS = { contentType: "application/json", cacheControl: "no-store" };

const sourceOf = (index: number) => ({ bucket: "uploads", key: `clip-${index}.mp4` });
const bodyOf = (index: number): string => JSON.stringify({ ladderd: 1, source: sourceOf(index) });
const jobOf = (index: number): string => requestedJobId({ source: sourceOf(index) });
const letter = (index: number, fields: Partial<DeadLetter> = {}): DeadLetter => ({
  id: `letter-${index}`,
  handle: `handle-${index}`,
  body: bodyOf(index),
  isWhole: true,
  keptAtMs: NOW_MS - 1000 * (index + 1),
  code: "source_encrypted",
  reason: `track ${index} is encrypted`,
  ...fields,
});

/** A queue that hands out ten at a time and hides them. */
function aPlace(letters: readonly DeadLetter[], methods: Partial<DeadLetters> = {}) {
  const there = new Map(letters.map((one) => [one.id, one]));
  const hidden = new Set<string>();
  const sent: string[] = [];
  const steps: string[] = [];
  const place: DeadLetters = {
    facts: async () => ({ name: "dlq", nowMs: NOW_MS, visible: there.size, hidden: 0 }),
    receive: async () => {
      const batch = [...there.values()].filter(({ id }) => !hidden.has(id)).slice(0, 10);
      for (const { id } of batch) hidden.add(id);
      return batch;
    },
    sendBack: async (body) => {
      sent.push(body);
      steps.push("send");
    },
    remove: async ({ id }) => {
      there.delete(id);
      hidden.delete(id);
      steps.push("remove");
    },
    giveBack: async (given) => {
      for (const { id } of given) hidden.delete(id);
    },
    ...methods,
  };
  return { place, there, hidden, sent, steps };
}

interface Parts {
  readonly choice?: RedriveChoice;
  readonly store?: MemoryStore;
}

const run = (letters: DeadLetters, { choice = { kind: "none" }, store = memoryStore() }: Parts = {}) =>
  redrive({ letters, choice, rules: RULES, readFailure: failureReader(store), forgive: forgiver(store) }, signal);

const many = (count: number, fields: Partial<DeadLetter> = {}, from = 0): DeadLetter[] =>
  Array.from({ length: count }, (_, index) => letter(from + index, fields));

describe("redrive without a choice", () => {
  test("shows a thousand equal failures as one group, and leaves them all visible", async () => {
    const { place, there, hidden, sent } = aPlace([...many(1000), ...many(3, { code: "source_empty", reason: "empty" }, 1000)]);
    const report = await run(place);
    expect(report.groups.map(({ count, code, example }) => ({ count, code, example }))).toStrictEqual([
      { count: 1000, code: "source_encrypted", example: "clip-0.mp4" },
      { count: 3, code: "source_empty", example: "clip-1000.mp4" },
    ]);
    expect(report).toMatchObject({ seen: 1003, sentBack: 0, kept: 0 });
    expect({ left: there.size, hidden: hidden.size, sent }).toStrictEqual({ left: 1003, hidden: 0, sent: [] });
  });

  test("says since when and until when a group has failed", async () => {
    const { groups } = await run(aPlace(many(3)).place);
    expect(groups[0]).toMatchObject({ first: "2026-01-02T02:59:57.000Z", last: "2026-01-02T02:59:59.000Z" });
  });

  test("takes the reason of a message that the queue moved by itself from the record of its job", async () => {
    const store = memoryStore();
    const record = await createFailureStore(store).record({ messageId: "m", jobId: jobOf(0), error: new Error("a bug"), body: bodyOf(0) });
    const { code: _code, reason: _reason, ...moved } = letter(0);
    const { groups } = await run(aPlace([moved]).place, { store });
    expect(groups[0]).toMatchObject({ code: "unknown", reason: "a bug", fingerprint: record.fingerprint });
  });

  test("shows control characters of a key and of a body escaped", async () => {
    const body = JSON.stringify({ ladderd: 1, source: { bucket: "uploads", key: "a\u001b[2J.mp4" } });
    const { groups } = await run(aPlace([letter(0, { body }), letter(1, { body: "\u001b[2J", code: "job_malformed", reason: "x" })]).place);
    expect(groups.map(({ example }) => example)).toStrictEqual(["a\\u{1b}[2J.mp4", "[2J"]);
  });
});

describe("redrive with a choice", () => {
  test("sends back the original bodies of one group and nothing of the others", async () => {
    const others = many(2, { code: "source_empty", reason: "empty" }, 30);
    const { place, there, hidden, sent } = aPlace([...many(30), ...others]);
    const [group] = (await run(place)).groups;
    const report = await run(place, { choice: { kind: "some", fingerprint: group?.fingerprint ?? "" } });
    expect(report).toMatchObject({ seen: 32, sentBack: 30, kept: 0 });
    expect(sent.toSorted()).toStrictEqual(
      many(30)
        .map(({ body }) => body)
        .toSorted(),
    );
    expect([...there.keys()]).toStrictEqual(others.map(({ id }) => id));
    expect(hidden.size).toBe(0);
  });

  test("by fingerprint and code wants both to fit", async () => {
    const { place, sent } = aPlace(many(2));
    const [group] = (await run(place)).groups;
    await run(place, { choice: { kind: "some", fingerprint: group?.fingerprint ?? "", code: "source_empty" } });
    expect(sent).toStrictEqual([]);
  });

  test("forgives the job's failures before the message is there again", async () => {
    const store = memoryStore();
    const failures = createFailureStore(store);
    const failure = { messageId: "m", jobId: jobOf(0), error: new Error("x"), body: bodyOf(0) };
    for (let time = 0; time < 3; time += 1) await failures.record(failure);
    let countAtSend: unknown;
    const { place } = aPlace([letter(0)], {
      sendBack: async () => {
        countAtSend = JSON.parse(store.textOf(`failures/${jobOf(0)}.json`) ?? "").failures;
      },
    });
    await run(place, { choice: { kind: "all" }, store });
    expect(countAtSend).toBe(0);
    expect((await failures.record(failure)).failures).toBe(1);
  });

  test("removes a letter only after its message was confirmed", async () => {
    const { place, steps } = aPlace([letter(0)]);
    await run(place, { choice: { kind: "all" } });
    expect(steps).toStrictEqual(["send", "remove"]);
    const refused = aPlace([letter(0)], { sendBack: async () => Promise.reject(new Error("SQS is down")) });
    await expect(run(refused.place, { choice: { kind: "all" } })).rejects.toThrow("SQS is down");
    expect({ left: refused.there.size, hidden: refused.hidden.size }).toStrictEqual({ left: 1, hidden: 0 });
  });

  test("killed after the send and before the removal sends a duplicate and loses nothing", async () => {
    const killed = aPlace(many(1), { remove: async () => Promise.reject(new Error("killed")) });
    await expect(run(killed.place, { choice: { kind: "all" } })).rejects.toThrow("killed");
    const next = aPlace([...killed.there.values()]);
    await run(next.place, { choice: { kind: "all" } });
    expect([killed.sent, next.sent]).toStrictEqual([[bodyOf(0)], [bodyOf(0)]]);
    expect(next.there.size).toBe(0);
  });

  test("removes once more, and does not send again, what is handed out after its removal", async () => {
    const { place, sent, there } = aPlace(many(1));
    const first = letter(0);
    let removals = 0;
    const forgetful = {
      ...place,
      remove: async () => {
        removals += 1;
        if (removals > 1) there.clear();
      },
      receive: async () => [...there.values()].map((one) => ({ ...one, handle: `${first.handle}-${removals}` })),
    };
    await run(forgetful, { choice: { kind: "all" } });
    expect({ sent, removals }).toStrictEqual({ sent: [first.body], removals: 2 });
  });

  test("leaves a job that fails again while it runs to the next redrive", async () => {
    const fresh = letter(1, { keptAtMs: NOW_MS + 5000 });
    const { place, there, sent } = aPlace([letter(0), fresh]);
    expect(await run(place, { choice: { kind: "all" } })).toMatchObject({ sentBack: 1, kept: 1 });
    expect({ sent, left: [...there.keys()] }).toStrictEqual({ sent: [bodyOf(0)], left: [fresh.id] });
  });

  test("does not write over a failure of the same moment, and forgives it as well", async () => {
    const store = memoryStore();
    const key = `failures/${jobOf(0)}.json`;
    const put = (failures: number) => store.writeText({ key, text: JSON.stringify({ code: "engine_failed", failures }), headers: HEADERS });
    await put(2);
    let isFirst = true;
    const racing = {
      ...store,
      readText: async (name: string) => {
        const read = await store.readText(name);
        if (isFirst && name === key) await put(3);
        if (name === key) isFirst = false;
        return read;
      },
    };
    await forgiver(racing)(jobOf(0), signal);
    expect(JSON.parse(store.textOf(key) ?? "")).toMatchObject({ failures: 0, forgiven: 3 });
  });

  test("lets a source try again whose attempts took their worker along, unless somebody has its claim", async () => {
    const store = memoryStore();
    const claim = `claims/${"a".repeat(32)}.json`;
    const held = { ladderd: 1, jobId: "j", messageId: "m", holder: "h", term: 3, state: "held", crashes: 2, takenAt: "t", renewedAt: "t" };
    const put = (key: string, value: unknown) => store.writeText({ key, text: JSON.stringify(value), headers: HEADERS });
    await put(`failures/${jobOf(0)}.json`, { code: "resource_limit", failures: 1, facts: { claim, holder: "h" } });
    await put(claim, { ...held, holder: "another" });
    await run(aPlace([letter(0)]).place, { choice: { kind: "all" }, store });
    expect(JSON.parse(store.textOf(claim) ?? "")).toMatchObject({ state: "held", crashes: 2 });
    await put(claim, held);
    await run(aPlace([letter(0)]).place, { choice: { kind: "all" }, store });
    expect(JSON.parse(store.textOf(claim) ?? "")).toMatchObject({ state: "ended", crashes: 0 });
  });
});

describe("redrive of failure records, where there is no dead-letter queue", () => {
  const record = (store: MemoryStore, index: number, error: Error = new SourceError("source_encrypted", "DRM")) =>
    createFailureStore(store, () => new Date(NOW_MS)).record({ messageId: `m-${index}`, jobId: jobOf(index), error, body: bodyOf(index) });
  const place = (store: MemoryStore, sent: string[] = []) =>
    recordedLetters({ store, send: async (body) => void sent.push(body), maxFailures: 3 });

  test("sends each body back once, until its job fails again", async () => {
    const store = memoryStore();
    const sent: string[] = [];
    for (let index = 0; index < 60; index += 1) await record(store, index);
    expect(await run(place(store, sent), { choice: { kind: "all" }, store })).toMatchObject({ seen: 60, sentBack: 60 });
    expect(await run(place(store, sent), { choice: { kind: "all" }, store })).toMatchObject({ seen: 0, sentBack: 0 });
    await record(store, 7);
    expect(await run(place(store, sent), { choice: { kind: "all" }, store })).toMatchObject({ seen: 1, sentBack: 1 });
    expect(sent.toSorted()).toStrictEqual([...Array.from({ length: 60 }, (_, index) => bodyOf(index)), bodyOf(7)].toSorted());
  });

  test("does not show a job that is still tried again", async () => {
    const store = memoryStore();
    await record(store, 0, new Error("a bug"));
    expect(await run(place(store), { store })).toMatchObject({ seen: 0 });
    for (let time = 0; time < 2; time += 1) await record(store, 0, new Error("a bug"));
    expect(await run(place(store), { store })).toMatchObject({ seen: 1 });
  });

  test("still shows a job whose failures were forgiven by a redrive that was killed before it sent", async () => {
    const store = memoryStore();
    for (let time = 0; time < 3; time += 1) await record(store, 0, new Error("a bug"));
    const killed = recordedLetters({ store, send: async () => Promise.reject(new Error("killed")), maxFailures: 3 });
    await expect(run(killed, { choice: { kind: "all" }, store })).rejects.toThrow("killed");
    expect(await run(place(store), { choice: { kind: "all" }, store })).toMatchObject({ sentBack: 1 });
  });

  test("keeps what it cannot send as it was: a body that was cut or escaped", async () => {
    const store = memoryStore();
    const sent: string[] = [];
    const failures = createFailureStore(store);
    const error = new InvalidJobError("job_malformed", "no JSON");
    await failures.record({ messageId: "m-1", error, body: "x".repeat(9000) });
    await failures.record({ messageId: "m-2", error, body: "line\nline" });
    expect(await run(place(store, sent), { choice: { kind: "all" }, store })).toMatchObject({ sentBack: 0, kept: 2 });
    expect(sent).toStrictEqual([]);
  });
});
