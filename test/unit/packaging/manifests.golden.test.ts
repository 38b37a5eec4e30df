import { describe, expect, test } from "vitest";
import { iFrames } from "../../../src/packaging/i-frames.ts";
import { present } from "../../../src/packaging/presentation.ts";
import { renderManifests, renderPlaylists } from "../../../src/packaging/render.ts";
import { aPresentation, videoFacts } from "../../helpers/facts.ts";
import { golden } from "../../helpers/golden.ts";
import { aLadder } from "../../helpers/ladders.ts";
import { GOLDEN_PLANS, aPlan } from "../../helpers/plans.ts";
import { aSource, anAudioTrack } from "../../helpers/sources.ts";

const BASE = "r/20260102T030405-00ff00ff/";
const twoLanguages = aPlan(
  aSource({
    audio: [
      anAudioTrack({ title: "Director's <cut> & more" }),
      anAudioTrack({ index: 2, isDefault: false, channels: 1 }),
      anAudioTrack({ index: 3, language: "de", isDefault: false }),
    ],
  }),
);
const portrait = GOLDEN_PLANS["portrait-rotated-2997-audio-late"] ?? twoLanguages;
const PLANS = { ...GOLDEN_PLANS, "two-languages": twoLanguages };

describe("manifests of fixed facts", () => {
  test.each(Object.entries(PLANS))("%s", async (name, plan) => {
    const { hls, dash } = renderManifests(aPresentation(plan), BASE);
    await expect(hls).toMatchFileSnapshot(golden(`manifests/${name}.m3u8`));
    await expect(dash).toMatchFileSnapshot(golden(`manifests/${name}.mpd`));
  });

  test("lists H.264 first, whatever order the ladder names codecs in", () => {
    const av1 = { codec: "av1", preset: 10, crf: 35, capFactor: 0.6 } as const;
    const codecs = [av1, { codec: "h264", preset: "veryfast", crf: 23 }] as const;
    const { hls, dash } = renderManifests(aPresentation(aPlan(aSource(), aLadder({ codecs }))), BASE);
    const variants = [...hls.matchAll(/#EXT-X-STREAM-INF:.*?BANDWIDTH=(\d+).*CODECS="(\w+)/g)].map(([, bps, codec]) => ({
      bps: Number(bps),
      codec,
    }));
    expect(variants.map(({ codec }) => codec)).toStrictEqual([...Array(5).fill("avc1"), ...Array(5).fill("av01")]);
    expect(variants[0]?.bps).toBeGreaterThan(1_000_000);
    expect(variants[0]?.bps).toBeLessThan(4_000_000);
    expect([...dash.matchAll(/codecs="(avc1|av01)/g)].map(([, codec]) => codec)).toStrictEqual([
      ...Array(5).fill("avc1"),
      ...Array(5).fill("av01"),
    ]);
  });

  test("media and I-frame playlists of the portrait", async () => {
    const playlists = renderPlaylists(aPresentation(portrait));
    const shown = [...playlists].filter(([path]) => path.startsWith("v720") || path.startsWith("a-"));
    expect(shown.map(([path]) => path)).toStrictEqual(["v720/index.m3u8", "a-en/index.m3u8", "v720/iframes.m3u8"]);
    for (const [path, text] of shown) await expect(text).toMatchFileSnapshot(golden(`playlists/${path}`));
  });
});

describe("iFrames", () => {
  test("lasts from each keyframe to the next and covers the whole rendition", () => {
    const [rendition] = twoLanguages.video;
    if (!rendition) throw new RangeError("no rendition");
    const facts = videoFacts(rendition, twoLanguages);
    const frames = iFrames(facts);
    expect(frames).toHaveLength(10);
    expect(frames.reduce((total, { seconds }) => total + seconds, 0)).toBeCloseTo(20, 9);
    expect(frames.every(({ bytes, offset }) => bytes > 0 && offset >= 0)).toBe(true);
  });
});

describe("present", () => {
  test("misses a rendition by name", () => {
    const plan = aPlan();
    expect(() => present(plan, [])).toThrow(expect.objectContaining({ code: "output_incomplete", message: "no output for v240" }));
  });
});
