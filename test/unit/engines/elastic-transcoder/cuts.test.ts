import { describe, expect, test } from "vitest";
import { cutsOf, verifyCuts } from "../../../../src/engines/elastic-transcoder/cuts.ts";
import { readMediaPlaylist } from "../../../../src/packaging/read-playlist.ts";

const range = (bytes: number, offset: number): string => `#EXTINF:2,\n#EXT-X-BYTERANGE:${bytes}@${offset}\nhls-v240.ts`;
const PLAYLIST = `#EXTM3U\n${range(1000, 0)}\n${range(500, 1000)}\n${range(700, 1500)}\n#EXT-X-ENDLIST\n`;
const CUTS = cutsOf(readMediaPlaylist(PLAYLIST) ?? { segments: [] });

/** Two frames a segment, behind the tables with which each begins; MPEG-TS does not begin at 0. */
const PACKETS = CUTS.flatMap(({ offset, startSeconds }) => [
  { offset: offset + 376, ptsSeconds: 1.4 + startSeconds, sizeBytes: 1, isKeyframe: true },
  { offset: offset + 450, ptsSeconds: 2.4 + startSeconds, sizeBytes: 1, isKeyframe: false },
]);
const changed = (at: number, change: object) => PACKETS.map((packet, index) => (index === at ? { ...packet, ...change } : packet));

describe("the segments of a file", () => {
  test("are those of its playlist", () => {
    expect(CUTS).toStrictEqual([
      { offset: 0, bytes: 1000, startSeconds: 0, seconds: 2 },
      { offset: 1000, bytes: 500, startSeconds: 2, seconds: 2 },
      { offset: 1500, bytes: 700, startSeconds: 4, seconds: 2 },
    ]);
  });

  test("are taken where each begins with a keyframe at its time, wherever the first one is", () => {
    const later = CUTS.map((cut) => ({ ...cut, startSeconds: cut.startSeconds + 0.5 }));
    expect(() => {
      verifyCuts("hls-v240.ts", CUTS, PACKETS);
      verifyCuts("dash-v240", later, PACKETS);
      verifyCuts("hls-a.ts", CUTS, [{ offset: undefined, ptsSeconds: 0, sizeBytes: 1, isKeyframe: false }, ...PACKETS]);
    }).not.toThrow();
  });

  test.each([
    ["begins with another picture", changed(2, { sizeBytes: 1, isKeyframe: false }), /2.000 s begins without a keyframe/],
    ["begins too late", changed(4, { ptsSeconds: 5.6 }), /4.000 s is 0.200 s late/],
    ["begins too early", changed(2, { ptsSeconds: 3.2 }), /2.000 s is -0.200 s late/],
    ["is empty", PACKETS.filter((_packet, index) => index !== 2 && index !== 3), /2.000 s has no packet/],
    ["is behind the last packet", PACKETS.slice(0, 4), /4.000 s has no packet/],
    ["is of a file without packets", [], /0.000 s has no packet/],
  ])("are refused when one %s", (_what, packets, message) => {
    expect(() => verifyCuts("hls-v240.ts", CUTS, packets)).toThrow(
      expect.objectContaining({ code: "output_misaligned", message: expect.stringMatching(message) }),
    );
  });
});
