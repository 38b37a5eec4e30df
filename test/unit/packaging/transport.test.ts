import { describe, expect, test } from "vitest";
import type { RenditionFacts } from "../../../src/packaging/facts.ts";
import { keyPlaylists } from "../../../src/packaging/key-playlists.ts";
import { renderManifests, renderPlaylists } from "../../../src/packaging/render.ts";
import type { PicturePacketAt, TransportStream } from "../../../src/packaging/transport.ts";
import { transportReader } from "../../../src/packaging/transport.ts";
import { aPresentation, videoFacts } from "../../helpers/facts.ts";
import { golden } from "../../helpers/golden.ts";
import { aPlan } from "../../helpers/plans.ts";
import { aSource, aVideoTrack } from "../../helpers/sources.ts";

const BASE = "r/20260102T030405-00ff00ff/";
/** 360p and 240p of 20 s at 30 pictures a second, in segments of 6 s. */
const PLAN = aPlan(aSource({ video: aVideoTrack({ displayWidth: 640, displayHeight: 360 }) }));
const SEGMENTS = 4;

function factsOf(id: string): RenditionFacts {
  const rendition = PLAN.video.find((entry) => entry.id === id);
  if (!rendition) throw new RangeError(`no rendition ${id}`);
  return videoFacts(rendition, PLAN);
}

const FACTS = factsOf("v360");
const SIZES = [180_000, 190_000, 185_000, 60_000];
const COUNTS = [180, 180, 180, 60];

/** Every picture of the film as it should be in the files, 1,000 bytes from one to the next. */
function packets(change: (packet: PicturePacketAt, index: number) => PicturePacketAt = (packet) => packet): readonly PicturePacketAt[] {
  let [fileAt, number] = [0, 0];
  const all: PicturePacketAt[] = [];
  for (const [segment, count] of COUNTS.entries()) {
    for (let index = 0; index < count; index += 1) {
      all.push({ offset: fileAt + 564 + index * 1000, ptsSeconds: 10 + number / 30, isKeyframe: index % 60 === 0 });
      number += 1;
    }
    fileAt += SIZES[segment] ?? 0;
  }
  return all.map(change);
}

function read(all: readonly PicturePacketAt[], sizes: readonly number[] = SIZES): TransportStream | string {
  const reader = transportReader({ facts: FACTS, sizes });
  for (const packet of all) reader.add(packet);
  return reader.result();
}

describe("MPEG-TS that was written", () => {
  test("is the segments of the rendition, each with the bytes of its first picture and its tables", () => {
    const stream = read(packets());
    expect(stream).toMatchObject({ id: "v360" });
    expect(typeof stream === "string" ? [] : stream.segments.map(({ seconds, ...segment }) => segment)).toEqual(
      SIZES.map((bytes, index) => ({ name: `v3600000${index}.ts`, bytes, iFrameBytes: 1564 })),
    );
    expect(typeof stream === "string" ? 0 : stream.segments.reduce((sum, { seconds }) => sum + seconds, 0)).toBeCloseTo(20, 9);
  });

  test.each([
    ["lacks a picture", packets().slice(1), SIZES, /has 599 pictures, not 600/],
    ["has a segment less", packets(), [370_000, 185_000, 60_000], /3 segments, not 4/],
    [
      "begins a segment without a keyframe",
      packets((one, at) => (at === 180 ? { ...one, isKeyframe: false } : one)),
      SIZES,
      /segment 1 begins without/,
    ],
    [
      "is late",
      packets((one, at) => (at >= 360 ? { ...one, ptsSeconds: one.ptsSeconds + 1 / 30 } : one)),
      SIZES,
      /segment 2 begins 0.033 s late/,
    ],
    [
      "has a segment without a picture",
      packets((one) => ({ ...one, offset: Math.min(one.offset ?? 0, 500_000) })),
      SIZES,
      /segment 3 has no picture/,
    ],
  ] as const)("is refused when it %s", (...[, all, sizes, problem]) => {
    expect(read(all, sizes)).toMatch(problem);
  });
});

const streamOf = (id: string): TransportStream => ({
  id,
  segments: factsOf(id).segments.map(({ sizeBytes }, index) => ({
    name: `${id}0000${index}.ts`,
    bytes: Math.round(sizeBytes * 1.1),
    iFrameBytes: 4000,
    seconds: index === SEGMENTS - 1 ? 2 : 6,
  })),
});
const layout = { streams: [streamOf("v240"), streamOf("v360")], keys: { "400k": "v240", hi: "v360" } };
const withoutLayout = {
  ...aPresentation(PLAN),
  text: [{ rendition: { id: "t-en", kind: "text" as const, language: "en", name: "English", forced: false }, cues: [] }],
};
const presentation = { ...withoutLayout, transport: layout };

describe("the layout of Elastic Transcoder", () => {
  test("has its playlists in the revision and its own multivariant playlist; MPEG-DASH is what it is without", async () => {
    const { hls, dash } = renderManifests(presentation, BASE);
    await expect(hls).toMatchFileSnapshot(golden("old-layout/index.m3u8"));
    expect(dash).toBe(renderManifests(withoutLayout, BASE).dash);
    const playlists = renderPlaylists(presentation);
    for (const name of ["v360.m3u8", "v360_v4.m3u8", "v360_iframe.m3u8", "t-en/transport.m3u8"])
      await expect(playlists.get(name)).toMatchFileSnapshot(golden(`old-layout/${name}`));
    expect(playlists.get("t-en/transport/00001.vtt")).toContain("MPEGTS:900000,");
    expect(playlists.get("t-en/00001.vtt")).toContain("MPEGTS:0,");
  });

  test("has the playlists of every key at the asset, led through the revision", () => {
    const { others = new Map<string, string>() } = renderManifests(presentation, BASE);
    expect([...others.keys()]).toEqual(
      ["400k", "hi"].flatMap((key) => [".m3u8", "_v4.m3u8", "_iframe.m3u8"].map((suffix) => key + suffix)),
    );
    const inside = renderPlaylists(presentation).get("v240_v4.m3u8");
    expect(others.get("400k_v4.m3u8")).toBe(inside?.replaceAll(/^v240/gm, `${BASE}v240`));
  });

  test("leaves out what a stream has not, and leads nowhere else", () => {
    const texts = new Map([["hls-v360_v4.m3u8", "#EXTM3U\n#EXTINF:6,\n#EXT-X-BYTERANGE:9@0\nhls-v360.ts\n"]]);
    expect([...keyPlaylists({ hi: "hls-v360" }, { texts, base: BASE })]).toEqual([
      ["hi_v4.m3u8", `#EXTM3U\n#EXTINF:6,\n#EXT-X-BYTERANGE:9@0\n${BASE}hls-v360.ts\n`],
    ]);
    const evil = new Map([["hls-v360.m3u8", "#EXTM3U\n#EXTINF:6,\n../../other/hls-v360.ts\n"]]);
    expect(() => keyPlaylists({ hi: "hls-v360" }, { texts: evil, base: BASE })).toThrow(/out of the revision/);
  });
});
