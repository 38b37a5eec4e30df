import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SourceError } from "../../../src/domain/errors.ts";
import type { ObjectStore } from "../../../src/pipeline/ports.ts";
import { PreconditionFailed } from "../../../src/pipeline/ports.ts";
import type { AssetRecord } from "../../../src/publish/asset-record.ts";
import { parseAssetRecord } from "../../../src/publish/asset-record.ts";
import { commit, commitUpon, readPublished } from "../../../src/publish/commit.ts";
import type { MemoryStore } from "../../helpers/memory-store.ts";
import { memoryStore } from "../../helpers/memory-store.ts";
import { settled } from "../../helpers/outcome.ts";
import { SOURCES, aRecord } from "../../helpers/records.ts";
import { KEYS, SECOND, attempt, expectPublished, storeWithCopies } from "../../helpers/commits.ts";

const { signal } = new AbortController();
/** A store whose answer to a write is lost the first time `key` is written: the write itself went through. */
function losingTheAnswer(store: MemoryStore, key: string, error: Error): ObjectStore {
  let isLost = false;
  return {
    ...store,
    writeText: async (object) => {
      const written = await store.writeText(object);
      if (object.key !== key || isLost) return written;
      isLost = true;
      throw error;
    },
  };
}

describe("commit", () => {
  test("writes the record first, the MPD before the playlist, all with short cache times", async () => {
    const store = memoryStore();
    await expect(commit(attempt(store, aRecord()), signal)).resolves.toBe("published");
    expect(store.changes).toStrictEqual([`put ${KEYS.record}`, `put ${KEYS.dash}`, `put ${KEYS.hls}`]);
    expectPublished(store, aRecord());
    for (const { cacheControl } of store.objects.values()) expect(cacheControl).toBe("public,max-age=5,s-maxage=10");
    expect([KEYS.record, KEYS.dash, KEYS.hls].map((key) => store.objects.get(key)?.contentType)).toStrictEqual([
      "application/json",
      "application/dash+xml",
      "application/vnd.apple.mpegurl",
    ]);
  });

  test("replaces an older revision", async () => {
    const store = memoryStore();
    await commit(attempt(store, aRecord()), signal);
    await expect(commit(attempt(store, SECOND), signal)).resolves.toBe("published");
    expectPublished(store, SECOND);
  });

  test("bad input 18, bad input 19: writes nothing for a duplicate, a stale source or a path of somebody else", async () => {
    const store = await storeWithCopies(aRecord());
    await commit(attempt(store, aRecord()), signal);
    const before = [...store.changes];
    const again = aRecord({ revision: "20260102T030407-00000003" });
    await expect(commit(attempt(store, again), signal)).resolves.toBe("duplicate");
    await expect(commit(attempt(store, SECOND, { is: { isCurrent: false } }), signal)).resolves.toBe("stale");
    const foreign = aRecord({ source: { id: SOURCES.foreign, sizeBytes: 1 }, revision: "20260102T030408-00000004" });
    await expect(commit(attempt(store, foreign), signal)).rejects.toMatchObject({ code: "destination_conflict" });
    expect(store.changes).toStrictEqual(before);
  });

  test("fault 32: writes nothing for a source that was deleted while it was encoded", async () => {
    const store = await storeWithCopies(aRecord());
    await commit(attempt(store, aRecord()), signal);
    const before = [...store.changes];
    const gone = async (): Promise<never> => Promise.reject(new SourceError("source_not_found", "there is no such object"));
    const late = { ...attempt(store, SECOND), candidate: gone };
    await expect(commit(late, signal)).rejects.toMatchObject({ code: "source_not_found", disposition: "reject" });
    expect(store.changes).toStrictEqual(before);
  });

  test("keeps the time of a later wish for what is published, so that one of in between does not win", async () => {
    const store = await storeWithCopies(aRecord());
    await commit(attempt(store, aRecord()), signal);
    const again = aRecord({ revision: "20260102T030407-00000003", createdAt: "2026-01-04T00:00:00.000Z" });
    await expect(commit(attempt(store, again, { is: { isAsked: true } }), signal)).resolves.toBe("duplicate");
    expectPublished(store, aRecord());
    const between = { ...SECOND, source: aRecord().source, ladderHash: "ladder-2", createdAt: "2026-01-03T00:00:00.000Z" };
    await expect(commit(attempt(store, between), signal)).resolves.toBe("stale");
    expectPublished(store, aRecord());
  });

  test("writes nothing for a later message that says only that the source is there", async () => {
    const store = await storeWithCopies(aRecord());
    await commit(attempt(store, aRecord()), signal);
    const before = [...store.changes];
    const again = aRecord({ revision: "20260102T030407-00000003", createdAt: "2026-01-04T00:00:00.000Z" });
    await expect(commit(attempt(store, again), signal)).resolves.toBe("duplicate");
    expect(store.changes).toStrictEqual(before);
  });

  test("lets an upload of the same bytes that came while another was being committed win over that one", async () => {
    const store = await storeWithCopies(aRecord());
    await commit(attempt(store, aRecord()), signal);
    const second = attempt(store, SECOND);
    const later = new Date(Date.now() + 60_000).toISOString();
    let isFirst = true;
    const candidate = async (): ReturnType<typeof second.candidate> => {
      const found = await second.candidate();
      if (!isFirst) return { ...found, isCurrent: false };
      isFirst = false;
      // The first bytes are uploaded again after this look at the source, and their message finds them published.
      const again = aRecord({ revision: "20260102T030407-00000003" });
      const uploaded = attempt(store, again, { is: { uploadedAt: later } });
      await expect(commit(uploaded, signal)).resolves.toBe("duplicate");
      return found;
    };
    await expect(commit({ ...second, candidate }, signal)).resolves.toBe("stale");
    expect(parseAssetRecord(store.textOf(KEYS.record) ?? "")).toMatchObject({
      revision: aRecord().revision,
      createdAt: later,
    });
  });

  test("counts all of an early part as of the latest wish for either", async () => {
    const early = aRecord({ complete: false, createdAt: "2026-01-04T00:00:00.000Z" });
    const whole = aRecord({ revision: "20260102T030407-00000003", createdAt: "2026-01-03T00:00:00.000Z" });
    const store = await storeWithCopies(early, whole);
    await commit(attempt(store, early, { is: { isComplete: false } }), signal);
    await expect(commit(attempt(store, whole), signal)).resolves.toBe("published");
    expect(parseAssetRecord(store.textOf(KEYS.record) ?? "")).toMatchObject({ revision: whole.revision, createdAt: early.createdAt });
  });

  test.each([KEYS.record, KEYS.dash, KEYS.hls])(
    "fault 39: knows its own write of %s again when the answer was lost and the retry met it",
    async (key) => {
      const store = memoryStore();
      await expect(commit(attempt(losingTheAnswer(store, key, new PreconditionFailed(key)), aRecord()), signal)).resolves.toBe("published");
      expectPublished(store, aRecord());
      expect(store.changes).toHaveLength(3);
    },
  );

  test("completes the pointers of a duplicate whose own attempt was stopped before them", async () => {
    const store = await storeWithCopies(aRecord());
    const stopped = losingTheAnswer(store, KEYS.record, new Error("stopped"));
    await expect(commit(attempt(stopped, aRecord()), signal)).rejects.toThrow("stopped");
    const again = aRecord({ revision: "20260102T030407-00000003" });
    await expect(commit(attempt(store, again), signal)).resolves.toBe("duplicate");
    expectPublished(store, aRecord());
  });

  test("says from which moment to which the revision may be shown", async () => {
    const store = await storeWithCopies(aRecord());
    const told = async (shared: ObjectStore, record: AssetRecord): Promise<readonly boolean[]> => {
      const states: boolean[] = [];
      await settled(commit(attempt(shared, record, { onSending: (mayBeShown) => states.push(mayBeShown) }), signal));
      return states;
    };
    await expect(told({ ...store, writeText: async () => Promise.reject(new Error("late")) }, aRecord())).resolves.toStrictEqual([true]);
    const met = losingTheAnswer(store, KEYS.record, new PreconditionFailed("own"));
    await expect(told(met, aRecord())).resolves.toStrictEqual([true, false, true]);
    const again = aRecord({ revision: "20260102T030407-00000003" });
    await expect(told(store, again)).resolves.toStrictEqual([]);
    // Between its look at asset.json and its write another attempt is faster.
    let isFirst = true;
    const overtaken: ObjectStore = {
      ...store,
      writeText: async (object) => {
        if (isFirst) await commit(attempt(store, SECOND), signal);
        isFirst = false;
        return store.writeText(object);
      },
    };
    const other = aRecord({ revision: "20260102T030408-00000004", source: SECOND.source, ladderHash: "ladder-2" });
    const beaten = await told(overtaken, { ...other, ladderHash: SECOND.ladderHash });
    expect(beaten).toStrictEqual([true, false]);
  });

  test("leaves what a redelivery completes when the connection dies after the record went through", async () => {
    const store = memoryStore();
    const record = aRecord();
    await expect(commit(attempt(losingTheAnswer(store, KEYS.record, new Error("reset")), record), signal)).rejects.toThrow("reset");
    await expect(commit(attempt(store, record), signal)).resolves.toBe("published");
    expectPublished(store, record);
  });

  test.each([1, 2, 3])("does not make write %d without the lease", async (nth) => {
    const store = memoryStore();
    let asked = 0;
    const checkLease = (): void => {
      asked += 1;
      if (asked === nth) throw new Error("lease lost");
    };
    await expect(commit(attempt(store, aRecord(), { checkLease }), signal)).rejects.toThrow("lease lost");
    expect(store.changes).toHaveLength(nth - 1);
  });

  test.each([1, 2, 3])("does not make write %d upon what is published without the lease", async (nth) => {
    const store = await storeWithCopies(aRecord());
    await commit(attempt(store, aRecord()), signal);
    const upon = await readPublished(store, "films/a", signal);
    const before = store.changes.length;
    let asked = 0;
    const checkLease = (): void => {
      asked += 1;
      if (asked === nth) throw new Error("lease lost");
    };
    if (!upon) throw new Error("it is published");
    await expect(commitUpon({ ...attempt(store, SECOND), upon, checkLease }, signal)).rejects.toThrow("lease lost");
    expect(store.changes.length - before).toBe(nth - 1);
  });

  test.each([["asset.json", "record"] as const, ["a pointer", "dash"] as const])(
    "is put off when %s changes whenever it is written",
    async (_what, contended) => {
      const store = memoryStore();
      const restless: ObjectStore = {
        ...store,
        writeText: async (object) => {
          if (object.key === KEYS[contended]) throw new PreconditionFailed(object.key);
          return store.writeText(object);
        },
      };
      await expect(commit(attempt(restless, aRecord()), signal)).rejects.toMatchObject({ code: "storage_throttled", disposition: "retry" });
    },
  );

  test("does not take a path where a record of another program lies, and says so", async () => {
    const store = memoryStore();
    await store.writeText({ key: KEYS.record, text: '{"ladderd":2}', headers: { contentType: "application/json", cacheControl: "" } });
    await expect(commit(attempt(store, aRecord()), signal)).rejects.toMatchObject({ code: "destination_conflict" });
    expect(store.textOf(KEYS.record)).toBe('{"ladderd":2}');
  });

  test("gives up on a record that somebody changes at every try", async () => {
    const store = memoryStore();
    const contested = { ...store, writeText: async () => Promise.reject(new PreconditionFailed("x")) };
    await expect(commit(attempt(contested, aRecord()), signal)).rejects.toMatchObject({ code: "storage_throttled" });
  });
});

describe("two committers, their steps in any order", () => {
  /** The store with every call waiting for the scheduler. */
  const scheduled = (store: MemoryStore, scheduler: fc.Scheduler): ObjectStore => ({
    ...store,
    readText: scheduler.scheduleFunction(store.readText),
    writeText: scheduler.scheduleFunction(store.writeText),
  });

  async function race(scheduler: fc.Scheduler, [first, second]: readonly [AssetRecord, AssetRecord]) {
    const store = await storeWithCopies(first, second);
    const shared = scheduled(store, scheduler);
    const outcomes = Promise.all([settled(commit(attempt(shared, first), signal)), settled(commit(attempt(shared, second), signal))]);
    await scheduler.waitFor(outcomes);
    return { store, outcomes: await outcomes };
  }

  test("fault 29: publish one of two attempts at the same source, and the other finds a duplicate", async () => {
    const other = aRecord({ revision: "20260102T030406-00000002" });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const { store, outcomes } = await race(scheduler, [aRecord(), other]);
        const values = outcomes.map((outcome) => ("value" in outcome ? outcome.value : outcome.error));
        expect(new Set(values)).toStrictEqual(new Set(["published", "duplicate"]));
        expectPublished(store, values[0] === "published" ? aRecord() : other);
      }),
      { numRuns: 500 },
    );
  });

  test("end with the later of two ladders, in record and pointers", async () => {
    const earlier = aRecord();
    const later = aRecord({ revision: "20260102T030406-00000002", ladderHash: "ladder-2", createdAt: "2026-01-02T00:00:01.000Z" });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.boolean(), async (scheduler, swapped) => {
        const { store } = await race(scheduler, swapped ? [later, earlier] : [earlier, later]);
        expectPublished(store, later);
      }),
      { numRuns: 500 },
    );
  });

  test("fault 30: end with the newer of two uploads, whenever it comes while the older one is committed", async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const store = await storeWithCopies(aRecord(), SECOND);
        const shared = scheduled(store, scheduler);
        let isOverwritten = false;
        const older = attempt(shared, aRecord());
        const candidate = scheduler.scheduleFunction(async () => ({ ...(await older.candidate()), isCurrent: !isOverwritten }));
        const first = settled(commit({ ...older, candidate }, signal));
        const second = scheduler.schedule(Promise.resolve(), "the second upload").then(() => {
          isOverwritten = true;
          return settled(commit(attempt(shared, SECOND), signal));
        });
        await scheduler.waitFor(Promise.all([first, second]));
        expect(await second).toStrictEqual({ value: "published" });
        expectPublished(store, SECOND);
      }),
      { numRuns: 500 },
    );
  });
});
