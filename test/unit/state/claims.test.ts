import { describe, expect, test } from "vitest";
import { ClaimHeldError, LeaseLostError, ResourceError } from "../../../src/domain/errors.ts";
import type { ClaimRequest, ObjectStore } from "../../../src/pipeline/ports.ts";
import { PreconditionFailed } from "../../../src/pipeline/ports.ts";
import { parseClaim } from "../../../src/state/claim-record.ts";
import { claimTaker } from "../../../src/state/claims.ts";
import type { MemoryStore } from "../../helpers/memory-store.ts";
import { memoryStore } from "../../helpers/memory-store.ts";

const LEASE = { visibilitySeconds: 300, everySeconds: 60, marginSeconds: 60 };
const REQUEST: ClaimRequest = { jobId: "job", messageId: "m1", sourceId: "source", ladderHash: "ladder", assetPath: "films/a" };
/** The last extension came up to 60 s before the crash, and the message returns 300 s after it. */
const RETURNED = 240;
const { signal } = new AbortController();

function aStore(): { memory: MemoryStore; store: ObjectStore; age: (seconds: number) => void } {
  const memory = memoryStore();
  let ageSeconds = 0;
  const store: ObjectStore = {
    ...memory,
    readText: async (key) => {
      const found = await memory.readText(key);
      return found && { ...found, ageSeconds };
    },
  };
  return { memory, store, age: (seconds) => (ageSeconds = seconds) };
}

const recordIn = ({ objects }: MemoryStore) => {
  const [only] = [...objects.values()];
  return parseClaim(only?.bytes.toString() ?? "");
};
const taker = (store: ObjectStore) => claimTaker({ store, lease: LEASE });

describe("a claim", () => {
  test("is taken when nobody holds it, and names who does", async () => {
    const { memory, store } = aStore();
    const claim = await taker(store)(REQUEST, signal);
    expect(recordIn(memory)).toMatchObject({ state: "held", jobId: "job", messageId: "m1", term: 1, crashes: 0 });
    claim.check();
    await claim.end("published");
    expect(recordIn(memory)).toMatchObject({ state: "ended", outcome: "published", term: 1 });
  });

  test("fault 2: of another message is waited for until it is as old as a lease", async () => {
    const { store, age } = aStore();
    await using claims = new AsyncDisposableStack();
    claims.use(await held(store, REQUEST));
    age(299);
    await expect(taker(store)({ ...REQUEST, messageId: "m2" }, signal)).rejects.toBeInstanceOf(ClaimHeldError);
    age(300);
    await using second = await held(store, { ...REQUEST, messageId: "m2" });
    second.claim.check();
  });

  test("of the same message is taken over when nobody renewed it: it came back because its lease ended", async () => {
    const { memory, store, age } = aStore();
    await using claims = new AsyncDisposableStack();
    claims.use(await held(store, REQUEST));
    age(RETURNED);
    claims.use(await held(store, REQUEST));
    expect(recordIn(memory)).toMatchObject({ term: 2, crashes: 1 });
  });

  test("fault 29: of the same message is waited for while it is renewed: SQS delivers one twice, and that is no crash", async () => {
    const { memory, store, age } = aStore();
    await using claims = new AsyncDisposableStack();
    const first = claims.use(await held(store, REQUEST));
    for (const seconds of [0, 1, 30, 60, 90, 149]) {
      age(seconds);
      await expect(taker(store)(REQUEST, signal)).rejects.toBeInstanceOf(ClaimHeldError);
    }
    expect(recordIn(memory)).toMatchObject({ state: "held", term: 1, crashes: 0 });
    await first.claim.leave({ revision: "r1", planHash: "p" });
  });

  test("fault 29: is one attempt's when one message is given to two workers at the same moment", async () => {
    const { memory, store } = aStore();
    const both = await Promise.allSettled([taker(store)(REQUEST, signal), taker(store)(REQUEST, signal)]);
    expect(both.map(({ status }) => status).toSorted()).toStrictEqual(["fulfilled", "rejected"]);
    expect(recordIn(memory)).toMatchObject({ term: 1, crashes: 0 });
    for (const one of both) if (one.status === "fulfilled") await one.value.end("published");
  });

  test("that was taken over refuses its former holder every write, and ends nothing of the new one", async () => {
    const { memory, store, age } = aStore();
    await using claims = new AsyncDisposableStack();
    const first = claims.use(await held(store, REQUEST));
    age(RETURNED);
    claims.use(await held(store, REQUEST));
    await expect(first.claim.leave({ revision: "r1", planHash: "p" })).rejects.toBeInstanceOf(LeaseLostError);
    await first.claim.end("published");
    expect(recordIn(memory)).toMatchObject({ state: "held", term: 2 });
  });

  test("of another source, ladder or place is another claim", async () => {
    const { memory, store } = aStore();
    for (const changes of [{}, { sourceId: "b" }, { ladderHash: "b" }, { assetPath: "b" }])
      await (await taker(store)({ ...REQUEST, ...changes }, signal)).end("published");
    expect(memory.objects.size).toBe(4);
  });

  test("fault 60: is poison after three attempts that ended with their worker", async () => {
    const { store, age } = aStore();
    await using claims = new AsyncDisposableStack();
    age(RETURNED);
    claims.use(await held(store, REQUEST));
    claims.use(await held(store, REQUEST));
    claims.use(await held(store, REQUEST));
    await expect(taker(store)(REQUEST, signal)).rejects.toThrow(ResourceError);
    await expect(taker(store)(REQUEST, signal)).rejects.toThrow("3 attempts at this source ended with their worker");
  });

  test("that was given back, or lost, is no crash", async () => {
    const { memory, store } = aStore();
    for (const outcome of ["released", "abandoned", "released", "failed"] as const)
      await (await taker(store)(REQUEST, signal)).end(outcome);
    expect(recordIn(memory)).toMatchObject({ term: 4, crashes: 0 });
  });

  test("keeps the crashes of before over a release, and forgets them over a result", async () => {
    const { memory, store, age } = aStore();
    await using claims = new AsyncDisposableStack();
    age(RETURNED);
    claims.use(await held(store, REQUEST));
    await (await taker(store)(REQUEST, signal)).end("released");
    expect(recordIn(memory)).toMatchObject({ crashes: 1 });
    await (await taker(store)(REQUEST, signal)).end("published");
    expect(recordIn(memory)).toMatchObject({ crashes: 0 });
  });

  test("hands on what an attempt left, unless there was a result", async () => {
    const { store } = aStore();
    const first = await taker(store)(REQUEST, signal);
    await first.leave({ revision: "r1", planHash: "p" });
    await first.end("released");
    const second = await taker(store)(REQUEST, signal);
    expect(second.left).toStrictEqual({ revision: "r1", planHash: "p" });
    await second.end("published");
    expect((await taker(store)(REQUEST, signal)).left).toBeUndefined();
  });

  test("hands on what was measured, and loses what was left for no figure that is damaged", async () => {
    const content = {
      kind: "measured",
      width: 640,
      height: 360,
      windowBps: [1],
      sizeExponent: 0.7,
      ssim: 0.97,
      cpuSecondsPerFrame: 0.01,
    } as const;
    const { memory, store } = aStore();
    const first = await taker(store)(REQUEST, signal);
    await first.leave({ revision: "r1", planHash: "p", content });
    await first.end("released");
    const second = await taker(store)(REQUEST, signal);
    expect(second.left).toStrictEqual({ revision: "r1", planHash: "p", content });
    await second.end("released");
    const [[key, { bytes }] = ["", { bytes: Buffer.of() }]] = [...memory.objects];
    const text = bytes.toString().replace(/"width": \d+/, '"width": "wide"');
    await memory.writeText({ key, text, headers: { contentType: "application/json", cacheControl: "no-store" } });
    expect((await taker(store)(REQUEST, signal)).left).toEqual({ revision: "r1", planHash: "p" });
  });

  test("is taken over where its record cannot be read", async () => {
    const { memory, store } = aStore();
    await (await taker(store)(REQUEST, signal)).end("published");
    const [key = ""] = memory.objects.keys();
    await memory.writeText({ key, text: "{", headers: { contentType: "application/json", cacheControl: "no-store" } });
    await (await taker(store)(REQUEST, signal)).end("published");
    expect(recordIn(memory)).toMatchObject({ term: 1, outcome: "published" });
  });

  test("ends with its message", async () => {
    const { store } = aStore();
    const message = new AbortController();
    const claim = await taker(store)(REQUEST, message.signal);
    message.abort(new LeaseLostError("gone"));
    expect(claim.signal.reason).toBe(message.signal.reason);
    await claim.end("abandoned");
  });

  test("fault 39: survives lost answers to its own writes", async () => {
    const { memory, store } = aStore();
    let lose = true;
    const losing: ObjectStore = {
      ...store,
      // The write was made, its answer was lost, and the second try met the object of the first.
      writeText: async (object, abort) => {
        const written = await store.writeText(object, abort);
        lose = !lose;
        if (!lose) throw new PreconditionFailed(object.key);
        return written;
      },
    };
    const claim = await taker(losing)(REQUEST, signal);
    await claim.leave({ revision: "r1", planHash: "p" });
    await claim.leave({ revision: "r2", planHash: "p" });
    await claim.end("released");
    expect(recordIn(memory)).toMatchObject({ state: "ended", outcome: "released", term: 1, left: { revision: "r2" } });
  });

  test("is lost when its write is refused a second time: somebody took it between the two", async () => {
    const { memory, store } = aStore();
    let isRefusing = false;
    const refusing: ObjectStore = {
      ...store,
      writeText: async (object, abort) => {
        if (isRefusing) throw new PreconditionFailed(object.key);
        return store.writeText(object, abort);
      },
    };
    let seconds = 0;
    const now = (): Date => new Date(1000 * (seconds += 1));
    const claim = await claimTaker({ store: refusing, lease: LEASE, now })(REQUEST, signal);
    isRefusing = true;
    await expect(claim.leave({ revision: "r1", planHash: "p" })).rejects.toBeInstanceOf(LeaseLostError);
    await claim.end("abandoned");
    expect(recordIn(memory)).toMatchObject({ state: "held", term: 1 });
  });

  test("fault 29: is one attempt's when two take it at the same moment", async () => {
    const { memory, store } = aStore();
    const both = await Promise.allSettled(["m1", "m2"].map(async (messageId) => taker(store)({ ...REQUEST, messageId }, signal)));
    expect(both.map(({ status }) => status).toSorted()).toStrictEqual(["fulfilled", "rejected"]);
    expect(recordIn(memory)).toMatchObject({ term: 1 });
    for (const one of both) if (one.status === "fulfilled") await one.value.end("published");
  });
});

/** A claim whose timers end with the test; disposing says nothing to the store when somebody else holds it. */
async function held(store: ObjectStore, request: ClaimRequest) {
  const claim = await taker(store)(request, signal);
  return { claim, [Symbol.asyncDispose]: async () => claim.end("abandoned") };
}
