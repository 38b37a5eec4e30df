import { describe, expect, test } from "vitest";
import { parseCreateJob } from "../../../../src/cli/dev/engines/mediaconvert/create-job.ts";
import type { EncodePlan } from "../../../../src/domain/encode-plan.ts";
import { gopSeconds, onNominalGrid, segmentSeconds } from "../../../../src/domain/timeline.ts";
import { clientRequestToken, compile } from "../../../../src/engines/mediaconvert/compile.ts";
import { videoLengths } from "../../../../src/engines/mediaconvert/segments.ts";
import type { RemoteRequest } from "../../../../src/engines/remote.ts";
import { golden } from "../../../helpers/golden.ts";
import { aLadder } from "../../../helpers/ladders.ts";
import { GOLDEN_PLANS, aPlan } from "../../../helpers/plans.ts";
import { aRemoteRequest } from "../../../helpers/remote.ts";
import { aCopyableTrack, aSource, aVideoTrack, anAudioTrack } from "../../../helpers/sources.ts";

const settings = {
  role: "arn:aws:iam::123456789012:role/mediaconvert",
  qvbrQuality: 7,
  qualityTuning: "single_pass_hq",
  automatedAbr: false,
} as const;
const written = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
const kindsOf = (changes: Partial<RemoteRequest>, own = settings): readonly string[] => {
  const compiled = compile(aRemoteRequest(changes), own);
  return compiled.kind === "job" ? [] : compiled.reasons.map(({ kind }) => kind);
};

describe("the CreateJob of MediaConvert", () => {
  test.each(Object.entries(GOLDEN_PLANS))("of %s", async (name, plan) => {
    await expect(written(compile(aRemoteRequest({ plan }), settings))).toMatchFileSnapshot(golden(`mediaconvert/${name}.job`));
  });

  test("of a ladder that the service chooses", async () => {
    const compiled = compile(aRemoteRequest(), { ...settings, automatedAbr: true, queue: "fast", qvbrQuality: 0 });
    await expect(written(compiled)).toMatchFileSnapshot(golden("mediaconvert/automated-abr.job"));
  });

  test("of a film with text inside", async () => {
    const text = [
      { index: 2, codec: "mov_text", language: "en", forced: false },
      { index: 3, codec: "mov_text", language: "pt-BR", title: "Legendas", forced: false },
    ];
    await expect(written(compile(aRemoteRequest({ plan: aPlan(aSource({ text })) }), settings))).toMatchFileSnapshot(
      golden("mediaconvert/text.job"),
    );
  });

  test("of sound alone, in one language", async () => {
    const plan = aPlan(aSource({ video: undefined, audio: [anAudioTrack({ index: 0, durationSeconds: 24 })] }));
    await expect(written(compile(aRemoteRequest({ plan }), settings))).toMatchFileSnapshot(golden("mediaconvert/sound-alone.job"));
  });

  test("cannot be told by the public from what the user uploaded it as", () => {
    const compiled = compile(aRemoteRequest({ source: { bucket: "uploads", key: "Secret Name.mp4" } }), settings);
    const { Inputs, ...rest } = compiled.kind === "job" ? (compiled.job.Settings ?? {}) : {};
    expect(JSON.stringify(Inputs)).toContain("s3://uploads/Secret Name.mp4");
    expect(JSON.stringify(rest)).not.toContain("Secret Name");
  });

  test("has a token of 64 ASCII characters, whatever ours is", () => {
    expect(clientRequestToken("a".repeat(200))).toMatch(/^[0-9a-f]{64}$/);
    expect(clientRequestToken("a.1")).not.toBe(clientRequestToken("a.2"));
  });

  test("says the angle of a picture whose container the service reads no matrix of", () => {
    const turned = (container: string): EncodePlan => aPlan(aSource({ container, video: aVideoTrack({ rotation: 270 }) }));
    const rotateOf = (plan: EncodePlan): unknown => {
      const compiled = compile(aRemoteRequest({ plan }), settings);
      return compiled.kind === "job" ? compiled.job.Settings?.Inputs?.[0]?.VideoSelector?.Rotate : compiled.reasons;
    };
    expect(rotateOf(turned("mov,mp4,m4a,3gp,3g2,mj2"))).toBe("AUTO");
    expect(rotateOf(turned("mpegts"))).toBe("DEGREES_270");
  });

  test.each([
    [{}, "REC_709"],
    [{ colour: { fullRange: false, matrix: "bt601" } }, "REC_601"],
    [{ hdr: "PQ", colour: { fullRange: false, matrix: "bt2020" } }, "HDR10"],
    [{ hdr: "HLG", colour: { fullRange: false, matrix: "bt2020" } }, "HLG_2020"],
    [{ colour: { fullRange: true, matrix: "rgb" } }, "FOLLOW"],
  ] as const)("says what colours a picture with %j has in case it does not say so itself: %s", (changes, ColorSpace) => {
    const compiled = compile(aRemoteRequest({ plan: aPlan(aSource({ video: aVideoTrack(changes) })) }), settings);
    const selector = compiled.kind === "job" ? compiled.job.Settings?.Inputs?.[0]?.VideoSelector : undefined;
    expect(selector).toMatchObject({ ColorSpace, ...(ColorSpace === "FOLLOW" ? {} : { ColorSpaceUsage: "FALLBACK" }) });
  });

  test("forces the fields of a picture that no header calls interlaced", () => {
    const plan = aPlan(aSource({ video: aVideoTrack({ interlaced: true, firstField: "top" }) }));
    expect(written(compile(aRemoteRequest({ plan }), settings))).toContain("FORCE_ALL_FRAMES");
  });
});

describe("the API's own patterns", () => {
  const accepted = (plan: EncodePlan): unknown => {
    const compiled = compile(aRemoteRequest({ plan }), settings);
    return compiled.kind === "job" ? parseCreateJob(camel(compiled.job)) : compiled;
  };
  const named = (title: string) => anAudioTrack({ title, language: "fr" });

  test.each(["Français", "English (5.1)", "Director's cut", "日本語"])("take sound named %s", (title) => {
    const plan = aPlan(aSource({ audio: [named(title), { ...named(title), index: 2 }] }));
    expect(accepted(plan)).toMatchObject({ settings: { outputGroups: expect.any(Array) } });
  });

  test("take captions of a region that has a number", () => {
    const text = [{ index: 2, codec: "mov_text", language: "es-419", forced: false }];
    expect(JSON.stringify(accepted(aPlan(aSource({ text }))))).toContain('"customLanguageCode":"es"');
  });

  test("refuse a fragment that is no multiple of a GOP, which a film with a short tail would have", () => {
    const plan = aPlan(aSource({ video: aVideoTrack({ durationSeconds: 18.1 }) }));
    expect(kindsOf({ plan })).toStrictEqual(["segment_grid"]);
    expect(accepted(onNominalGrid(plan, aLadder()))).toMatchObject({ settings: { outputGroups: expect.any(Array) } });
    const whole = compile(aRemoteRequest({ plan: onNominalGrid(plan, aLadder()) }), settings);
    const text = JSON.stringify(camel(whole.kind === "job" ? whole.job : {})).replaceAll('"gopSize":60', '"gopSize":58');
    expect(() => parseCreateJob(JSON.parse(text))).toThrow(/no multiple of a GOP/);
  });

  test("take one default sound in all groups", () => {
    const plan = GOLDEN_PLANS["surround"] ?? aPlan();
    expect(JSON.stringify(accepted(plan)).match(/ALTERNATE_AUDIO_AUTO_SELECT_DEFAULT/g)).toHaveLength(1);
  });
});

/** As the wire has it. */
function camel(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camel);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key.includes(" ") ? key : key.charAt(0).toLowerCase() + key.slice(1), camel(inner)]),
  );
}

describe("what MediaConvert cannot do", () => {
  test.each<[string, Partial<RemoteRequest>]>([
    ["encryption", { plan: aPlan(aSource(), aLadder({ encryption: encryption() })) }],
    ["pass_through", { plan: aPlan(aSource({ video: aCopyableTrack() })) }],
    ["loudness", { plan: aPlan(aSource(), aLadder({ loudness: { targetLufs: -16, truePeakDbtp: -1 } })) }],
    ["mirrored", { plan: aPlan(aSource({ video: aVideoTrack({ mirrored: true }) })) }],
    ["size", { plan: aPlan(aSource({ video: aVideoTrack({ displayWidth: 64, displayHeight: 16 }) })) }],
    ["chunk", { plan: { ...aPlan(), range: { startSeconds: 0, endSeconds: 6 } } }],
    [
      "text",
      { plan: aPlan(aSource({ container: "matroska,webm", text: [{ index: 2, codec: "subrip", language: "en", forced: false }] })) },
    ],
    ["audio_layout", { plan: aPlan(aSource({ audio: [anAudioTrack({ changesLayout: true })] })) }],
    ["audio_tracks", { plan: aPlan(aSource({ ignored: ["stream 2: audio that cannot be decoded"] })) }],
    ["video_tracks", { plan: aPlan(aSource({ ignored: ["stream 2: another video"] })) }],
    ["version", { source: { bucket: "b", key: "k", versionId: "1", pinsVersion: true } }],
    ["destination", { destination: { bucket: "b", prefix: "cost$dt$/r/1/" } }],
    ["destination", { destination: { bucket: "b", prefix: "a/r/1" } }],
  ])("is said of its kind: %s", (kind, changes) => {
    expect(kindsOf(changes)).toStrictEqual([kind]);
  });

  test("is a second codec when the service chooses the ladder", () => {
    const plan = GOLDEN_PLANS["h264-av1"] ?? aPlan();
    expect(kindsOf({ plan })).toStrictEqual([]);
    const compiled = compile(aRemoteRequest({ plan }), { ...settings, automatedAbr: true });
    expect(compiled).toMatchObject({ kind: "unsupported", reasons: [{ kind: "codec" }] });
  });

  test("is nothing about a version that is only current", () => {
    expect(kindsOf({ source: { bucket: "b", key: "k", versionId: "1" } })).toStrictEqual([]);
  });
});

describe("videoLengths", () => {
  test("rounded up to the next GOP are the plan's segments, at every rate and length", () => {
    for (const [num, den] of [
      [24_000, 1001],
      [24, 1],
      [25, 1],
      [30_000, 1001],
      [30, 1],
      [50, 1],
      [60_000, 1001],
      [60, 1],
      [15, 1],
    ] as const) {
      for (let frameCount = 100; frameCount < 4000; frameCount += 37) {
        const video = aVideoTrack({ frameRate: { num, den }, durationSeconds: (frameCount * den) / num });
        const { timeline } = onNominalGrid(aPlan(aSource({ video })), aLadder());
        const lengths = videoLengths(timeline);
        const gops = Math.ceil((lengths?.segmentSeconds ?? 0) / gopSeconds(timeline) - 1e-9);
        expect(gops * gopSeconds(timeline)).toBeCloseTo(segmentSeconds(timeline), 9);
        expect((lengths?.segmentSeconds ?? 0) % (lengths?.fragmentSeconds ?? 1)).toBe(0);
      }
    }
  });

  test.each([
    [50, 350],
    [38, 114],
  ])("are none for GOPs of %d frames at 20 a second: a fragment would be no multiple of one", (gopFrames, segmentFrames) => {
    const { timeline } = aPlan();
    expect(videoLengths({ ...timeline, frameRate: { num: 20, den: 1 }, gopFrames, segmentFrames })).toBeUndefined();
  });

  test("are none where no whole second lies between the last GOP of a segment and its end", () => {
    const { timeline } = aPlan();
    expect(videoLengths({ ...timeline, gopFrames: 20, segmentFrames: 20 })).toBeUndefined();
    expect(videoLengths({ ...timeline, gopFrames: 10, segmentFrames: 70 })).toBeUndefined();
  });
});

function encryption() {
  return {
    scheme: "cbcs",
    hlsKeyUri: "https://keys.example/{keyId}",
    hlsKeyFormat: "identity",
    keySource: { kind: "secret", reference: "env:KEY" },
  } as const;
}
