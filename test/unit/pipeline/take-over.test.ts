import { describe, expect, test } from "vitest";
import type { MeasuredContent } from "../../../src/domain/content.ts";
import type { EncodePlan } from "../../../src/domain/encode-plan.ts";
import { LeaseLostError } from "../../../src/domain/errors.ts";
import { segmentCount } from "../../../src/domain/timeline.ts";
import type { Claim, ObjectStore, Remains } from "../../../src/pipeline/ports.ts";
import { planHashOf, remainsOf, takeOver } from "../../../src/pipeline/take-over.ts";
import type { MemoryStore } from "../../helpers/memory-store.ts";
import { memoryStore } from "../../helpers/memory-store.ts";
import { aPlan } from "../../helpers/plans.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";

const { signal } = new AbortController();
const PLAN: EncodePlan = { ...aPlan(), video: aPlan().video.slice(0, 2) };
const MEASURED: MeasuredContent = {
  kind: "measured",
  width: 640,
  height: 360,
  windowBps: [400_000, 500_000],
  sizeExponent: 0.7,
  ssim: 0.97,
  cpuSecondsPerFrame: 0.01,
};
const IDS = PLAN.video.map(({ id }) => id);

interface Setup {
  readonly plan?: EncodePlan;
  readonly left?: Partial<Remains>;
  readonly store?: (memory: MemoryStore) => ObjectStore;
  readonly leave?: () => Promise<void>;
}

/** Takes over from revision "old", of which the first rendition has three segments and the second two. */
async function taken(setup: Setup = {}) {
  await using folder = await temporaryFolder();
  const plan = setup.plan ?? PLAN;
  const memory = memoryStore();
  const headers = { contentType: "", cacheControl: "" };
  for (const name of [`${IDS[0]}/00001.m4s`, `${IDS[0]}/00002.m4s`, `${IDS[0]}/00003.m4s`, `${IDS[1]}/00001.m4s`, `${IDS[1]}/00002.m4s`]) {
    await memory.writeText({ key: `films/a/r/old/${name}`, text: name, headers });
  }
  const noted: Remains[] = [];
  const claim: Claim = {
    signal,
    check: () => undefined,
    left: { revision: "old", planHash: planHashOf(plan), ...setup.left },
    leave: setup.leave ?? (async (remains) => void noted.push(remains)),
    end: async () => undefined,
  };
  const store = setup.store?.(memory) ?? memory;
  const remains = remainsOf(plan, "new");
  if (!remains) throw new TypeError("the plan leaves nothing to build on");
  const takeover = { plan, remains, assetPath: "films/a", store, claim, folder: folder.path };
  const result = await takeOver(takeover).catch((error: unknown) => ({ error }));
  const keys = [...memory.objects.keys()];
  return { result, noted, keys };
}

describe("takeOver", () => {
  test("brings the segments that every rendition has into the new revision, says where they are, and leaves what was left", async () => {
    const { result, noted, keys } = await taken();
    expect(segmentCount(PLAN.timeline)).toBeGreaterThan(2);
    expect(result).toMatchObject({ count: 2, names: IDS.flatMap((id) => [`${id}/00001.m4s`, `${id}/00002.m4s`]) });
    expect(keys).toStrictEqual(expect.arrayContaining(IDS.flatMap((id) => [1, 2].map((n) => `films/a/r/new/${id}/0000${n}.m4s`))));
    expect(keys.filter((key) => key.startsWith("films/a/r/old/"))).toHaveLength(5);
    expect(keys).toHaveLength(9);
    expect(noted).toStrictEqual([{ revision: "new", planHash: planHashOf(PLAN) }]);
  });

  test.each<readonly [string, Setup]>([
    ["the plan is another one", { left: { planHash: "other" } }],
    ["there is nothing to take", { left: { revision: "gone" } }],
    [
      "the store breaks in the middle",
      { store: (memory) => ({ ...memory, downloadFile: async () => Promise.reject(new Error("reset")) }) },
    ],
  ])("begins anew when %s", async (_what, setup) => {
    const { result, noted, keys } = await taken(setup);
    expect(result).toBeUndefined();
    expect(noted).toStrictEqual([{ revision: "new", planHash: planHashOf(PLAN) }]);
    expect(keys.filter((key) => key.startsWith("films/a/r/new/"))).toStrictEqual([]);
  });

  test("builds on a plan whose content was measured again, and hands the figures on", async () => {
    const left = { planHash: planHashOf({ ...PLAN, content: { ...MEASURED, cpuSecondsPerFrame: 0.02 } }) };
    const { result, noted } = await taken({ plan: { ...PLAN, content: MEASURED }, left });
    expect(result).toMatchObject({ count: 2 });
    expect(noted).toMatchObject([{ content: MEASURED }]);
  });

  test("hands on that frames were damaged on the way to what it builds on", async () => {
    const { result, noted } = await taken({ left: { isDamaged: true } });
    expect(result).toMatchObject({ count: 2, isDamaged: true });
    expect(noted).toMatchObject([{ isDamaged: true }]);
    // What is encoded anew meets them again.
    expect((await taken({ left: { isDamaged: true, planHash: "other" } })).noted).toStrictEqual([
      { revision: "new", planHash: planHashOf(PLAN) },
    ]);
  });

  test("touches nothing of the former attempt when the claim is lost, and leaves nothing of its own", async () => {
    const lost = new LeaseLostError("another attempt took this source over");
    const { result, keys } = await taken({ leave: async () => Promise.reject(lost) });
    expect(result).toStrictEqual({ error: lost });
    expect(keys.every((key) => key.startsWith("films/a/r/old/"))).toBe(true);
    expect(keys).toHaveLength(5);
  });
});

describe("remainsOf", () => {
  test.each<readonly [string, EncodePlan]>([
    [
      "the plan is encrypted",
      { ...PLAN, encryption: { scheme: "cbcs", hlsKeyUri: "https://keys.example/{keyId}", hlsKeyFormat: "identity" } },
    ],
    ["the picture is copied", { ...PLAN, video: PLAN.video.map((rendition) => ({ ...rendition, copied: true as const })) }],
    [
      "an encoder writes other parameter sets with other threads",
      { ...PLAN, video: PLAN.video.map((one) => ({ ...one, codec: "hevc" as const })) },
    ],
  ])("is nothing when %s", (_what, plan) => {
    expect(remainsOf(plan, "new")).toBeUndefined();
  });
});

describe("planHashOf", () => {
  test("is the encode's: the same for what a probe measures of the file, another for another picture", () => {
    const probed: EncodePlan = { ...PLAN, source: { ...PLAN.source, defects: ["timestamps_gap"] } };
    expect(planHashOf(probed)).toBe(planHashOf(PLAN));
    expect(planHashOf({ ...PLAN, content: MEASURED })).toBe(planHashOf({ ...PLAN, content: { ...MEASURED, cpuSecondsPerFrame: 0.02 } }));
    expect(planHashOf({ ...PLAN, video: PLAN.video.slice(0, 1) })).not.toBe(planHashOf(PLAN));
    expect(planHashOf(PLAN, "5.1.9")).not.toBe(planHashOf(PLAN, "7.1.5"));
  });
});
