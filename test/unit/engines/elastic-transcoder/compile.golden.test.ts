import { describe, expect, test } from "vitest";
import { compile } from "../../../../src/engines/elastic-transcoder/compile.ts";
import { parsePresets } from "../../../../src/engines/elastic-transcoder/preset.ts";
import type { RemoteRequest } from "../../../../src/engines/remote.ts";
import { golden } from "../../../helpers/golden.ts";
import { aLadder } from "../../../helpers/ladders.ts";
import { GOLDEN_PLANS, aPlan } from "../../../helpers/plans.ts";
import { aRemoteRequest } from "../../../helpers/remote.ts";
import { aSource, aVideoTrack, anAudioTrack } from "../../../helpers/sources.ts";

const settings = { pipelineId: "1111111111111-abcde1", presets: [] };
const written = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
const FULL_HD = parsePresets({
  Preset: {
    Id: "1400000000000-fullhd",
    Name: "our 1080p",
    Container: "ts",
    Video: { Codec: "H.264", CodecOptions: { Profile: "high" }, BitRate: "4800", MaxWidth: "1920", MaxHeight: "1080", FrameRate: "auto" },
    Audio: null,
  },
});
const kindsOf = (changes: Partial<RemoteRequest>): readonly string[] => {
  const compiled = compile(aRemoteRequest(changes), settings, { inputBucket: "uploads", outputBucket: "published" });
  return compiled.kind === "job" ? [] : compiled.reasons.map(({ kind }) => kind);
};

describe("the CreateJob of Elastic Transcoder", () => {
  test.each(Object.entries(GOLDEN_PLANS))("of %s", async (name, plan) => {
    await expect(written(compile(aRemoteRequest({ plan }), settings))).toMatchFileSnapshot(golden(`elastic-transcoder/${name}.job`));
  });

  test("takes the nearest preset for each rung, each once, and says what it comes to", () => {
    const compiled = compile(aRemoteRequest(), settings);
    expect(compiled).toMatchObject({
      kind: "job",
      formats: [
        {
          format: "HLSv4",
          video: [
            { id: "v270", presetId: "1351620000001-200045", standsFor: ["v240"] },
            { id: "v360", presetId: "1351620000001-200035", standsFor: ["v360"] },
            { id: "v576", presetId: "1351620000001-200015", standsFor: ["v480", "v720", "v1080"] },
          ],
          audioPresetId: "1351620000001-200060",
        },
        {
          format: "MPEG-DASH",
          video: [
            { id: "v240", standsFor: ["v240"] },
            { id: "v360", standsFor: ["v360"] },
            { id: "v480", standsFor: ["v480"] },
            { id: "v720", standsFor: ["v720", "v1080"] },
          ],
          audioPresetId: "1351620000001-500060",
        },
      ],
    });
  });

  test("takes a custom preset where it is nearer: no system preset for HLS is larger than 1024x768", () => {
    const compiled = compile(aRemoteRequest(), { ...settings, presets: FULL_HD });
    const [hls] = compiled.kind === "job" ? compiled.formats : [];
    expect(hls?.video.at(-1)).toMatchObject({ id: "v1080", presetId: "1400000000000-fullhd", standsFor: ["v1080"] });
  });

  test("never expects a picture to be enlarged", () => {
    const plan = aPlan(aSource({ video: aVideoTrack({ displayWidth: 320, displayHeight: 180 }) }));
    const compiled = compile(aRemoteRequest({ plan }), settings);
    const made = compiled.kind === "job" ? compiled.formats.flatMap(({ video }) => video) : [];
    expect(made.length).toBeGreaterThan(0);
    for (const { width, height } of made) expect([width, height]).toStrictEqual([320, 180]);
  });

  test("names every output once, each in its own playlist, with one segment length", () => {
    const compiled = compile(aRemoteRequest(), settings);
    const { Outputs = [], Playlists = [], OutputKeyPrefix } = compiled.kind === "job" ? compiled.job : {};
    const keys = Outputs.map(({ Key }) => Key);
    expect(new Set(keys).size).toBe(keys.length);
    expect(Playlists.flatMap(({ OutputKeys = [] }) => OutputKeys)).toStrictEqual(keys);
    expect(new Set(Playlists.map(({ Name }) => Name)).size).toBe(2);
    expect(new Set(Outputs.map(({ SegmentDuration }) => SegmentDuration))).toStrictEqual(new Set(["6"]));
    expect(OutputKeyPrefix).toBe("films/one/r/20261123T040000-ab12/");
    expect(keys.every((key) => key !== undefined && !key.includes("."))).toBe(true);
  });
});

describe("what Elastic Transcoder cannot do", () => {
  test.each<[string, Partial<RemoteRequest>]>([
    ["hdr", { plan: GOLDEN_PLANS["hdr10"] ?? aPlan() }],
    ["codec", { plan: GOLDEN_PLANS["h264-av1"] ?? aPlan() }],
    ["audio_tracks", { plan: aPlan(aSource({ audio: [anAudioTrack(), anAudioTrack({ index: 2, language: "de", isDefault: false })] })) }],
    ["audio_layout", { plan: aPlan(aSource({ audio: [anAudioTrack({ channels: 6 })] })) }],
    ["audio_only", { plan: aPlan(aSource({ video: undefined })) }],
    ["text", { plan: aPlan(aSource({ text: [{ index: 2, codec: "mov_text", language: "en", forced: false }] })) }],
    ["loudness", { plan: aPlan(aSource(), aLadder({ loudness: { targetLufs: -16, truePeakDbtp: -1 } })) }],
    ["bucket", { source: { bucket: "elsewhere", key: "k" } }],
    ["bucket", { destination: { bucket: "elsewhere", prefix: "a/r/1/" } }],
    ["destination", { destination: { bucket: "published", prefix: "a/r/1" } }],
    ["destination", { destination: { bucket: "published", prefix: `${"a".repeat(251)}/r/1/` } }],
  ])("is said of its kind: %s", (kind, changes) => {
    expect(kindsOf(changes)).toStrictEqual([kind]);
  });

  test("is nothing about buckets as long as the pipeline was not read", () => {
    expect(compile(aRemoteRequest({ source: { bucket: "elsewhere", key: "k" } }), settings).kind).toBe("job");
  });
});
