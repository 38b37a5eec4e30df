import { describe, expect, test } from "vitest";
import { z } from "zod";
import { ClaimHeldError } from "../../../src/domain/errors.ts";
import type { Claim, ClaimRequest, ObjectStore } from "../../../src/pipeline/ports.ts";
import { AlreadySubmitted, PreconditionFailed } from "../../../src/pipeline/ports.ts";
import { parseClaim } from "../../../src/state/claim-record.ts";
import { claimTaker, submittedTaker } from "../../../src/state/claims.ts";
import { readClaims } from "../../../src/state/sweep-claims.ts";
import { memoryStore } from "../../helpers/memory-store.ts";
import { aRemoteRecord } from "../../helpers/remote-records.ts";

const LEASE = { visibilitySeconds: 300, everySeconds: 60, marginSeconds: 60 };
const RECORD = aRemoteRecord();
const { sourceId, ladderHash, assetPath } = RECORD.admitted;
const REQUEST: ClaimRequest = { jobId: RECORD.job.id, messageId: "m1", sourceId, ladderHash, assetPath };
const WISH = { engine: "mediaconvert", token: RECORD.token, revision: RECORD.revision } as const;
const { signal } = new AbortController();

function aWorld() {
  const memory = memoryStore();
  let ageSeconds = 0;
  const store: ObjectStore = {
    ...memory,
    readText: async (key) => {
      const found = await memory.readText(key);
      return found && { ...found, ageSeconds };
    },
  };
  const textNow = (): string => [...memory.objects.values()][0]?.bytes.toString() ?? "";
  return {
    ...{ memory, store, textNow },
    recordNow: () => parseClaim(textNow()),
    age: (seconds: number) => (ageSeconds = seconds),
    take: (messageId = "m1"): Promise<Claim> => claimTaker({ store, lease: LEASE })({ ...REQUEST, messageId }, signal),
    takeSubmitted: (changes: Partial<typeof RECORD> = {}) => submittedTaker({ store, lease: LEASE })({ ...RECORD, ...changes }, signal),
  };
}

async function submitted() {
  const world = aWorld();
  const claim = await world.take();
  await claim.remote?.intend(WISH);
  await claim.end("submitted");
  return world;
}

/** The schema of a claim in the version before services; strangers' fields fall away, and the rest must hold. */
const olderClaim = z.object({
  ladderd: z.literal(1),
  jobId: z.string(),
  messageId: z.string(),
  holder: z.string(),
  term: z.int().min(1),
  state: z.enum(["held", "ended"]),
  outcome: z.string().optional(),
  crashes: z.int().min(0),
  left: z.object({ revision: z.string(), planHash: z.string() }).optional(),
  takenAt: z.string(),
  renewedAt: z.string(),
});

describe("a claim whose job a service does", () => {
  test("refuses every other message while the service works, and names the revision for the sweep", async () => {
    const { take, age, store, memory } = await submitted();
    for (const seconds of [0, 300, 86_400]) {
      age(seconds);
      await expect(take("m2")).rejects.toBeInstanceOf(AlreadySubmitted);
    }
    async function* pages() {
      yield [...memory.objects.keys()].map((key) => ({ key, sizeBytes: 1, ageSeconds: 0 }));
    }
    const { left } = await readClaims({ store, bucket: { pages }, olderThanSeconds: 86_400 }, signal);
    expect([...left]).toStrictEqual([RECORD.revision]);
  });

  test("can be read by the version before, which keeps its term and what it left", async () => {
    const { textNow } = await submitted();
    expect(olderClaim.parse(JSON.parse(textNow()))).toMatchObject({ state: "ended", term: 1, left: { revision: RECORD.revision } });
  });

  test("is lost to whoever would finish it once the version before has taken it, which writes no job of a service", async () => {
    const { memory, textNow, takeSubmitted } = await submitted();
    const older = { ...olderClaim.parse(JSON.parse(textNow())), holder: "older", term: 2, state: "held", outcome: undefined };
    const [key = ""] = memory.objects.keys();
    await memory.writeText({ key, text: JSON.stringify(older), headers: { contentType: "", cacheControl: "" } });
    expect(await takeSubmitted()).toBeUndefined();
  });

  test("tells the attempt after a crash what was asked for, so that it asks for nothing else", async () => {
    const { take, age } = aWorld();
    const first = await take();
    const intent = await first.remote?.intend(WISH);
    age(300);
    const second = await take();
    expect(second.remote?.before).toStrictEqual({ ...WISH, intendedAt: intent?.intendedAt });
    await Promise.all([first.end("abandoned"), second.end("failed")]);
  });

  test("is taken to be finished by one at a time, given back, and taken again", async () => {
    const { takeSubmitted, recordNow, take } = await submitted();
    const claim = await takeSubmitted();
    await expect(takeSubmitted()).rejects.toBeInstanceOf(ClaimHeldError);
    await claim?.giveBack();
    expect(recordNow()).toMatchObject({ state: "ended", outcome: "submitted" });
    await expect(take("m2")).rejects.toBeInstanceOf(AlreadySubmitted);
    const again = await takeSubmitted();
    await again?.end("published");
    expect(recordNow()).toMatchObject({ state: "ended", outcome: "published" });
    expect(recordNow()?.remote).toBeUndefined();
    expect(await takeSubmitted()).toBeUndefined();
  });

  test("is known again by who takes it when the answer to that was lost", async () => {
    const { store, recordNow } = await submitted();
    let isLost = true;
    const losing: ObjectStore = {
      ...store,
      writeText: async (object) => {
        const written = await store.writeText(object);
        if (!isLost) return written;
        isLost = false;
        throw new PreconditionFailed(object.key);
      },
    };
    const claim = await submittedTaker({ store: losing, lease: LEASE })(RECORD, signal);
    expect(recordNow()).toMatchObject({ state: "held", term: 2 });
    await claim?.end("published");
    expect(recordNow()).toMatchObject({ state: "ended", outcome: "published" });
  });

  test.each(["", "{"])("is nobody's when there is none, or none that can be read (%j)", async (text) => {
    const { memory, takeSubmitted } = await submitted();
    const [key = ""] = memory.objects.keys();
    if (text === "") await memory.remove([key]);
    else await memory.writeText({ key, text, headers: { contentType: "", cacheControl: "" } });
    expect(await takeSubmitted()).toBeUndefined();
  });

  test("is nobody's for the job of another attempt", async () => {
    const { takeSubmitted } = await submitted();
    expect(await takeSubmitted({ revision: "another" })).toBeUndefined();
  });

  test("counts those that finished it and were gone without a word, and not those that gave it back", async () => {
    const { takeSubmitted, age } = await submitted();
    const first = await takeSubmitted();
    await first?.giveBack();
    expect((await takeSubmitted())?.crashes).toBe(0);
    for (const crashes of [1, 2, 3]) {
      age(301);
      expect((await takeSubmitted())?.crashes).toBe(crashes);
    }
  });

  test("forgets a job that failed, and keeps which engine it was until something is published", async () => {
    const { takeSubmitted, take } = await submitted();
    const finisher = await takeSubmitted();
    await finisher?.remote?.rule(["mediaconvert"], ["mediaconvert"]);
    await finisher?.end("failed");
    const next = await take("m2");
    expect(next.remote).toMatchObject({ tried: ["mediaconvert"], refused: ["mediaconvert"] });
    expect(next.remote?.before).toBeUndefined();
    await next.end("published");
    const last = await take("m3");
    expect(last.remote).toMatchObject({ tried: [], refused: [] });
    await last.end("published");
  });
});
