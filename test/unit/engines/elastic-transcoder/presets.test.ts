import { describe, expect, test } from "vitest";
import { CAPTURED_PRESETS, findPreset } from "../../../../src/engines/elastic-transcoder/catalogue.ts";
import { PRESET_ID, parsePresets } from "../../../../src/engines/elastic-transcoder/preset.ts";

const ANSWER = {
  Id: "1400000000000-abc123",
  Arn: "arn:aws:elastictranscoder:us-east-1:123456789012:preset/1400000000000-abc123",
  Name: "our 720p",
  Container: "ts",
  Video: {
    Codec: "H.264",
    CodecOptions: { Profile: "main", Level: "3.1", MaxReferenceFrames: "3" },
    BitRate: "2000",
    MaxWidth: "1280",
    MaxHeight: "720",
    FrameRate: "auto",
    KeyframesMaxDist: "90",
    FixedGOP: "true",
    SizingPolicy: "ShrinkToFit",
  },
  Audio: { Codec: "AAC", BitRate: "128", SampleRate: "auto", Channels: "2", CodecOptions: { Profile: "AAC-LC" } },
  Type: "Custom",
};
const PRESET = {
  id: "1400000000000-abc123",
  name: "our 720p",
  container: "ts",
  video: {
    codec: "H.264",
    profile: "main",
    level: "3.1",
    bitrateBps: 2_000_000,
    maxWidth: 1280,
    maxHeight: 720,
    frameRate: "auto",
    keyframeFrames: 90,
    fixedGop: true,
  },
  audio: { codec: "AAC", bitrateBps: 128_000, sampleRate: undefined, channels: 2 },
};

describe("a file of presets", () => {
  test.each([
    ["the answer of ReadPreset", { Preset: ANSWER }],
    ["the answer of ListPresets", { Presets: [ANSWER], NextPageToken: null }],
    ["a list of answers", [{ Preset: ANSWER }]],
    ["a list of presets", [ANSWER]],
    ["one preset", ANSWER],
  ])("is read when it is %s", (_, value) => {
    expect(parsePresets(value)).toStrictEqual([PRESET]);
  });

  test("takes what is auto for not said", () => {
    const [preset] = parsePresets({ ...ANSWER, Video: { ...ANSWER.Video, BitRate: "auto", MaxWidth: "auto" }, Audio: undefined });
    expect(preset?.video).toMatchObject({ bitrateBps: undefined, maxWidth: undefined });
    expect(preset?.audio).toBeUndefined();
  });

  test("is refused when something in it is no preset", () => {
    for (const value of ["text", {}, [{ ...ANSWER, Id: "x" }], { Presets: [1] }]) expect(() => parsePresets(value)).toThrow(/invalid/i);
  });
});

describe("the catalogue of system presets", () => {
  test("has an id once, as the service writes them", () => {
    const ids = CAPTURED_PRESETS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(PRESET_ID);
  });

  test("knows what was captured", () => {
    expect(findPreset("1351620000001-500020", [])).toMatchObject({
      kind: "known",
      preset: {
        container: "fmp4",
        video: { profile: "main", level: "3.1", bitrateBps: 4_800_000, maxWidth: 1280, maxHeight: 720, keyframeFrames: 60 },
      },
    });
  });

  test.each([
    ["1351620000001-200020", "the settings of system preset 1351620000001-200020 (HLS 1.5M) are not known"],
    ["1400000000000-abc123", "preset 1400000000000-abc123 is not a system preset"],
  ])("does not guess %s, and says what to do", (id, beginning) => {
    const found = findPreset(id, []);
    expect(found.kind === "unknown" && found.problem).toContain(beginning);
    expect(found.kind === "unknown" && found.problem).toContain("elasticTranscoder.presets");
  });

  test("is what custom settings come before", () => {
    const custom = parsePresets({ ...ANSWER, Id: "1351620000001-200020" });
    expect(findPreset("1351620000001-200020", custom)).toMatchObject({ kind: "known", preset: { name: "our 720p" } });
  });
});
