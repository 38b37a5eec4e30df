import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planEncode } from "../../../src/domain/plan-encode.ts";
import { outputFrameRate } from "../../../src/domain/plan-video.ts";
import { rational, toNumber } from "../../../src/domain/rational.ts";
import { segmentSeconds } from "../../../src/domain/timeline.ts";
import { languageTag, safeTitle } from "../../../src/media/labels.ts";
import { aLadder } from "../../helpers/ladders.ts";
import { GOLDEN_PLANS, aPlan } from "../../helpers/plans.ts";
import { aSource, aVideoTrack, anAudioTrack } from "../../helpers/sources.ts";

const languages = fc.oneof(fc.constantFrom("eng", "ger", "und", "en", "pt-BR", "zh-Hant", "sr-Latn"), fc.string({ maxLength: 8 }));
const titles = fc.oneof(fc.constantFrom("A", "A (2)", "English", "Audio"), fc.string());
const tracks = fc.array(
  fc.record({ language: languages, title: fc.option(titles), channels: fc.integer({ min: 1, max: 8 }), isDefault: fc.boolean() }),
  { minLength: 1, maxLength: 8 },
);

function audioOf(found: readonly { language: string; title: string | null; channels: number; isDefault: boolean }[]) {
  return found.map(({ language, title, channels, isDefault }, index) => {
    const safe = safeTitle(title ?? undefined);
    return anAudioTrack({ index, language: languageTag(language), channels, isDefault, ...(safe ? { title: safe } : {}) });
  });
}

describe("planEncode, for any sound tracks", () => {
  test("gives every rendition a folder of its own that is safe in a path, an option and a URI", () => {
    fc.assert(
      fc.property(tracks, fc.boolean(), (found, hasPicture) => {
        const plan = aPlan(aSource({ audio: audioOf(found), ...(hasPicture ? {} : { video: undefined }) }));
        const ids = [...plan.video, ...plan.audio].map(({ id }) => id);
        expect(new Set(ids.map((id) => id.toLowerCase())).size).toBe(ids.length);
        for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9-]+$/);
      }),
    );
  });

  test("gives every member of a group a name of its own and the group one default", () => {
    fc.assert(
      fc.property(tracks, fc.boolean(), (found, hasPicture) => {
        const plan = aPlan(aSource({ audio: audioOf(found), ...(hasPicture ? {} : { video: undefined }) }));
        for (const [id, group] of Map.groupBy(plan.audio, (rendition) => rendition.group)) {
          expect(new Set(group.map(({ name }) => name)).size).toBe(group.length);
          // A track without 5.1 stands in that group with its stereo, which is for the playlists to say.
          const mainIsStereo = id === "audio-51" && !group.some(({ isDefault }) => isDefault);
          expect(group.filter(({ isDefault }) => isDefault)).toHaveLength(mainIsStereo ? 0 : 1);
        }
      }),
    );
  });
});

describe("planEncode", () => {
  test("names folders by short side and language", () => {
    const { video, audio } = aPlan(
      aSource({ audio: [anAudioTrack(), anAudioTrack({ index: 2 }), anAudioTrack({ index: 3, language: "de" })] }),
    );
    expect(video.map(({ id }) => id)).toStrictEqual(["v240", "v360", "v480", "v720", "v1080"]);
    expect(audio.map(({ id }) => id)).toStrictEqual(["a-en", "a-en-2", "a-de"]);
  });

  test("calls a track by its title, else by its language in that language", () => {
    const audio = [
      anAudioTrack({ title: "Director" }),
      anAudioTrack({ language: "de" }),
      anAudioTrack({ language: "und" }),
      anAudioTrack({ language: "de" }),
    ];
    expect(aPlan(aSource({ audio })).audio.map(({ name }) => name)).toStrictEqual(["Director", "Deutsch", "Audio", "Deutsch (2)"]);
  });

  test("makes the source's default track the default, else the first", () => {
    const defaults = (flags: readonly boolean[]): boolean[] =>
      aPlan(aSource({ audio: flags.map((isDefault, index) => anAudioTrack({ index, isDefault })) })).audio.map(
        ({ isDefault }) => isDefault,
      );
    expect(defaults([false, true, true])).toStrictEqual([false, true, false]);
    expect(defaults([false, false])).toStrictEqual([true, false]);
  });

  test("has every track in stereo, and those of six channels and more in 5.1 as well", () => {
    const audio = [1, 2, 3, 5, 6, 8, 16].map((channels, index) => anAudioTrack({ index, channels }));
    const plan = aPlan(aSource({ audio }));
    const inGroup = (name: string): (readonly number[])[] =>
      plan.audio.filter(({ group }) => group === name).map(({ sourceIndex, channels, bitrateBps }) => [sourceIndex, channels, bitrateBps]);
    expect(inGroup("audio")).toStrictEqual([0, 1, 2, 3, 4, 5, 6].map((index) => [index, 2, 128_000]));
    expect(inGroup("audio-51")).toStrictEqual([4, 5, 6].map((index) => [index, 6, 320_000]));
  });

  test("names 5.1 by its channels, apart from the sixth track of a language", () => {
    const idsOf = (channels: readonly number[]): string[] =>
      aPlan(aSource({ audio: channels.map((count, index) => anAudioTrack({ index, channels: count })) })).audio.map(({ id }) => id);
    expect(idsOf([6, 6])).toStrictEqual(["a-en", "a-en-2", "a-en-6", "a-en-2-6"]);
    expect(idsOf([6, 2, 2, 2, 2, 2]).slice(-2)).toStrictEqual(["a-en-6", "a-en-1-6"]);
  });

  test("keeps sound alone in stereo", () => {
    const { audio } = aPlan(aSource({ video: undefined, audio: [anAudioTrack({ channels: 6 })] }));
    expect(audio.map(({ channels }) => channels)).toStrictEqual([2, 2]);
  });

  test("carries the loudness that the ladder asks for, and none when it asks for none", () => {
    const loudness = { targetLufs: -16, truePeakDbtp: -1.5 };
    expect(aPlan(aSource(), aLadder({ loudness })).loudness).toStrictEqual(loudness);
    expect(aPlan(aSource({ video: undefined }), aLadder({ loudness })).loudness).toStrictEqual(loudness);
    expect("loudness" in aPlan()).toBe(false);
  });

  test("publishes sound alone as one group for each bit rate, and drops every rung with that reason", () => {
    const plan = aPlan(aSource({ video: undefined }));
    expect(plan.video).toStrictEqual([]);
    expect(plan.audio.map(({ id, group, bitrateBps }) => [id, group, bitrateBps])).toStrictEqual([
      ["a-en", "audio-64", 64_000],
      ["a-en-2", "audio-128", 128_000],
    ]);
    expect(plan.dropped).toHaveLength(aLadder().rungs.length);
    expect(new Set(plan.dropped.map(({ reason }) => reason))).toStrictEqual(new Set(["the source has no video"]));
  });

  test("has no audio for a silent source", () => {
    expect(aPlan(aSource({ audio: [] })).audio).toStrictEqual([]);
  });

  test("uses the High profile from 720 lines up", () => {
    expect(aPlan().video.map(({ id, profile }) => `${id} ${profile}`)).toStrictEqual([
      "v240 main",
      "v360 main",
      "v480 main",
      "v720 high",
      "v1080 high",
    ]);
  });

  test("has every size in every codec of the ladder, H.264 at the rung's cap and others at their share of it", () => {
    expect(
      GOLDEN_PLANS["h264-av1"]?.video.map(({ id, codec, profile, preset, capBps }) => [id, codec, profile, preset, capBps]),
    ).toStrictEqual([
      ["v240-h264", "h264", "main", "veryfast", 400_000],
      ["v240-av1", "av1", "main", "10", 240_000],
      ["v360-h264", "h264", "main", "veryfast", 800_000],
      ["v360-av1", "av1", "main", "10", 480_000],
    ]);
  });

  test("leaves to H.264 what is too small for SVT-AV1", () => {
    const codecs = [
      { codec: "h264", preset: "veryfast", crf: 23 },
      { codec: "av1", preset: 10, crf: 32, capFactor: 0.6 },
    ] as const;
    const idsAt = (displayWidth: number, displayHeight: number): string[] =>
      aPlan(aSource({ video: aVideoTrack({ displayWidth, displayHeight }) }), aLadder({ codecs })).video.map(({ id }) => id);
    expect(idsAt(160, 62)).toStrictEqual(["v62-h264"]);
    expect(idsAt(64, 160)).toStrictEqual(["v64-h264", "v64-av1"]);
  });

  test("buffers twice the cap", () => {
    for (const { capBps, bufferBits } of aPlan().video) expect(bufferBits).toBe(2 * capBps);
  });
});

describe("outputFrameRate", () => {
  const rateOf = (num: number, den = 1): string => {
    const rate = outputFrameRate(aVideoTrack({ frameRate: rational(num, den) }));
    return `${rate.num}/${rate.den}`;
  };

  test.each([
    [60, 1, "60/1"],
    [60_000, 1001, "60000/1001"],
    [6002, 100, "3001/50"],
    [120, 1, "60/1"],
    [240, 1, "60/1"],
    [100, 1, "50/1"],
    [90_000, 1, "5625/128"],
  ])("turns %d/%d into %s", (num, den, expected) => {
    expect(rateOf(num, den)).toBe(expected);
  });

  test("keeps segments within half a second of nominal, however slow the source", () => {
    const slow = fc.tuple(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 60 })).map(([num, den]) => rational(num, den));
    fc.assert(
      fc.property(slow, (frameRate) => {
        const { timeline } = planEncode(aSource({ video: aVideoTrack({ frameRate, durationSeconds: 100 }) }), aLadder());
        expect(segmentSeconds(timeline)).toBeLessThanOrEqual(6.5);
        expect(toNumber(timeline.frameRate)).toBeLessThanOrEqual(60.06);
      }),
    );
  });
});
