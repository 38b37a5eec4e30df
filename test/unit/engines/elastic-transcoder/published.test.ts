import { describe as suite, expect, test } from "vitest";
import { OutputError } from "../../../../src/domain/errors.ts";
import { packetRate } from "../../../../src/engines/elastic-transcoder/cuts.ts";
import { describe } from "../../../../src/engines/elastic-transcoder/describe.ts";
import { withKeyframesOf } from "../../../../src/engines/elastic-transcoder/keyframes.ts";
import { masterPlaylist } from "../../../../src/engines/elastic-transcoder/master.ts";
import { streamsOf } from "../../../../src/engines/elastic-transcoder/streams.ts";
import { aPlan } from "../../../helpers/plans.ts";

const variant = (id: string, size: string): string =>
  `#EXT-X-STREAM-INF:PROGRAM-ID=1,BANDWIDTH=1,RESOLUTION=${size},CODECS="avc1.4d401e",AUDIO="audio-0"\nhls-${id}_v4.m3u8`;
const MASTER = `#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio-0",NAME="Audio 1",URI="hls-a_v4.m3u8"\n${variant("v270", "480x270")}\n${variant("v360", "640x360")}\n`;

/** Two segments of 2 s; the second has twice the bytes. */
const cuts = (bytes: number) => [
  { offset: 0, bytes, startSeconds: 0, seconds: 2 },
  { offset: bytes, bytes: bytes * 2, startSeconds: 2, seconds: 2 },
];
const MEASURED = new Map([
  ["hls-v270_v4.m3u8", { cuts: cuts(10_000), rate: 25 }],
  ["hls-v360_v4.m3u8", { cuts: cuts(20_000), rate: 25 }],
  ["hls-a_v4.m3u8", { cuts: cuts(4000), rate: 43 }],
]);
const I_FRAMES = new Map([["hls-v360_iframe.m3u8", cuts(3000)]]);
const PLAN = aPlan();
const streams = (multivariant = MASTER) => streamsOf({ plan: PLAN, multivariant, measured: MEASURED, iFrames: I_FRAMES });

suite("what Elastic Transcoder made", () => {
  test("is led to by a playlist that says what was measured, the largest picture first", () => {
    const lines = masterPlaylist(streams(), "r/1/").split("\n");
    const sound = PLAN.audio[0];
    expect(lines).toContain("#EXT-X-INDEPENDENT-SEGMENTS");
    expect(lines.find((line) => line.startsWith("#EXT-X-MEDIA:"))).toContain(`LANGUAGE="${sound?.language}"`);
    // Two seconds of 40,000 and of 8,000 bytes; on average three fourths of that.
    expect(lines).toContain(
      '#EXT-X-STREAM-INF:BANDWIDTH=192000,AVERAGE-BANDWIDTH=144000,CODECS="avc1.4d401e,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=25.000,AUDIO="audio"',
    );
    expect(lines.filter((line) => line.endsWith("_v4.m3u8"))).toEqual(["r/1/hls-v360_v4.m3u8", "r/1/hls-v270_v4.m3u8"]);
    expect(lines.filter((line) => line.startsWith("#EXT-X-I-FRAME-STREAM-INF:"))).toEqual([
      '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=24000,CODECS="avc1.4d401e",RESOLUTION=640x360,URI="r/1/hls-v360_iframe.m3u8"',
    ]);
  });

  test("is described with its own sizes and rates, and with the name that the plan has for the sound", () => {
    const { shown, bytes } = describe({ plan: PLAN, streams: streams(), bytes: 7, pictures: { poster: "r/1/poster.jpg" } });
    expect(bytes).toBe(7);
    expect(shown).toMatchObject({ durationSeconds: 4, width: 640, height: 360, poster: "r/1/poster.jpg", text: [] });
    expect(shown.renditions.map(({ id }) => id)).toEqual(["v360", "v270", PLAN.audio[0]?.id]);
    expect(shown.renditions[0]).toMatchObject({ kind: "video", codecs: "avc1.4d401e", averageBps: 120_000, peakBps: 160_000 });
  });

  test.each([
    ["a size", MASTER.replace("RESOLUTION=480x270,", "")],
    ["a codec", MASTER.replace('CODECS="avc1.4d401e"', 'CODECS="mp4a.40.2"')],
    ["a playlist that was read", MASTER.replace("hls-v270_v4", "hls-v99_v4")],
  ])("is refused when a variant is without %s", (_, multivariant) => {
    expect(() => streams(multivariant)).toThrow(OutputError);
  });
});

const packetsAt = (keyframes: readonly number[], count: number) =>
  Array.from({ length: count }, (_, index) => ({
    ...{ offset: index, ptsSeconds: 10 + index / 30, sizeBytes: 1, isKeyframe: keyframes.includes(index) },
  }));

suite("the keyframes of a preset", () => {
  const timeline = { ...PLAN.timeline, frameRate: { num: 30, den: 1 }, frameCount: 120, gopFrames: 60, segmentFrames: 180 };

  test("are the grid of the pictures, wherever the stream begins", () => {
    expect(withKeyframesOf(timeline, packetsAt([0, 45, 90], 120))).toMatchObject({ gopFrames: 45, frameCount: 120 });
    expect(withKeyframesOf(timeline, packetsAt([0], 120))?.gopFrames).toBe(120);
  });

  test("are none when they come at no one interval, or end early", () => {
    expect(withKeyframesOf(timeline, packetsAt([0, 45, 80], 120))).toBeUndefined();
    expect(withKeyframesOf(timeline, packetsAt([0, 30], 120))).toBeUndefined();
    expect(withKeyframesOf(timeline, [])).toBeUndefined();
  });

  test("say the frame rate with all that is between them", () => {
    expect(packetRate(packetsAt([0], 120))).toBeCloseTo(30, 6);
    expect(packetRate(packetsAt([0], 1))).toBe(0);
  });
});
