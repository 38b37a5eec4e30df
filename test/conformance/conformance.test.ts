import { cp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FAST, ffmpeg, patch, picture, tone } from "../helpers/clips.ts";
import type { TemporaryFolder } from "../helpers/temporary-folder.ts";
import { temporaryFolder } from "../helpers/temporary-folder.ts";
import { transcodeIn } from "../helpers/transcode.ts";
import { conformance } from "./conformance.ts";

/** Eight seconds in two segments, at two sizes, with sound. */
let good: TemporaryFolder;

beforeAll(async () => {
  good = await temporaryFolder();
  await ffmpeg(...picture({ size: "480x270", seconds: 8, rate: "25" }), ...tone({ seconds: 8 }), ...FAST, good.in("source.mp4"));
  await transcodeIn(good, good.in("source.mp4"));
});
afterAll(() => good[Symbol.asyncDispose]());

/** Where things lie in a copy of the good output. */
interface Copy {
  readonly hls: string;
  readonly dash: string;
  readonly in: (...names: readonly string[]) => string;
}

/** The ids of the rules that a broken copy of the good output breaks. */
async function brokenBy(damage: (copy: Copy) => Promise<unknown>): Promise<readonly string[]> {
  await using folder = await temporaryFolder();
  await cp(good.in("out"), folder.in("out"), { recursive: true });
  const [revision = ""] = await readdir(folder.in("out", "r"));
  const copy: Copy = {
    hls: folder.in("out", "index.m3u8"),
    dash: folder.in("out", "index.mpd"),
    in: (...names) => folder.in("out", "r", revision, ...names),
  };
  await damage(copy);
  const findings = await conformance(folder.in("out"), { source: good.in("source.mp4") });
  return [...new Set(findings.map(({ rule }) => rule))];
}

/** Replaces the first match and demands that there was one. */
async function edit(path: string, pattern: RegExp, change: string | ((...groups: string[]) => string)): Promise<void> {
  const text = await readFile(path, "utf8");
  const edited =
    typeof change === "string" ? text.replace(pattern, change) : text.replace(pattern, (_, ...groups: string[]) => change(...groups));
  if (edited === text) throw new Error(`nothing in ${path} matches ${pattern}`);
  await writeFile(path, edited);
}

/** Adds ticks to the decode time of every fragment of a segment. */
const delay = (path: string, ticks: number): Promise<void> =>
  patch(path, (bytes) => {
    for (let at = bytes.indexOf("tfdt"); at >= 0; at = bytes.indexOf("tfdt", at + 4)) {
      if (bytes[at + 4] === 1) bytes.writeBigUInt64BE(bytes.readBigUInt64BE(at + 8) + BigInt(ticks), at + 8);
      else bytes.writeUInt32BE(bytes.readUInt32BE(at + 8) + ticks, at + 8);
    }
  });

/** Of the renditions at 25 frames a second. */
const VIDEO_TIMESCALE = 10_000;

/** Turns the first IDR slice behind the head of the media data into a slice of another picture (ISO/IEC 14496-10 7.4.1). */
function notIdr(bytes: Buffer): void {
  let at = bytes.indexOf("mdat") + 4;
  while (((bytes[at + 4] ?? 0) & 0x1f) !== 5) at += 4 + bytes.readUInt32BE(at);
  bytes[at + 4] = 0x61;
}

const times = (factor: number) => (name: string, value: string) => `${name}${Math.round(Number(value) * factor)}`;

describe("a good output", () => {
  test("breaks no rule", async () => {
    await expect(conformance(good.in("out"), { source: good.in("source.mp4") })).resolves.toStrictEqual([]);
  });

  test("breaks the rules of a source that it is not of", async () => {
    await using folder = await temporaryFolder();
    await ffmpeg(...picture({ size: "320x240", seconds: 7 }), ...FAST, folder.in("other.mp4"));
    const findings = await conformance(good.in("out"), { source: folder.in("other.mp4") });
    expect(findings.map(({ message }) => message.replace(/^\S+/, "").trim())).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/larger than the source/),
        expect.stringMatching(/off the aspect/),
        expect.stringMatching(/lasts 8 s/),
      ]),
    );
  });
});

describe("the rule that is broken is found, and no other, by", () => {
  test.each<[what: string, rules: readonly string[], damage: (copy: Copy) => Promise<unknown>]>([
    ["a BANDWIDTH below the peak", ["bandwidth-is-peak"], ({ hls }) => edit(hls, /([:,]BANDWIDTH=)(\d+)/, times(0.9))],
    ["a BANDWIDTH far above the peak", ["bandwidth-is-peak"], ({ hls }) => edit(hls, /([:,]BANDWIDTH=)(\d+)/, times(1.2))],
    ["an AVERAGE-BANDWIDTH that is no average", ["average-bandwidth"], ({ hls }) => edit(hls, /(AVERAGE-BANDWIDTH=)(\d+)/, times(1.2))],
    ["another profile in CODECS", ["codecs-of-entries"], ({ hls }) => edit(hls, /CODECS="avc1\.4d/, 'CODECS="avc1.64')],
    ["CODECS without the sound", ["codecs-of-entries"], ({ hls }) => edit(hls, /,mp4a\.40\.2/, "")],
    ["another RESOLUTION", ["picture-attributes"], ({ hls }) => edit(hls, /RESOLUTION=480x270/, "RESOLUTION=640x360")],
    ["another FRAME-RATE", ["picture-attributes"], ({ hls }) => edit(hls, /FRAME-RATE=25/, "FRAME-RATE=30")],
    ["another VIDEO-RANGE", ["picture-attributes"], ({ hls }) => edit(hls, /VIDEO-RANGE=SDR/, "VIDEO-RANGE=PQ")],
    [
      "two defaults of one group",
      ["audio-groups"],
      ({ hls }) => edit(hls, /(#EXT-X-MEDIA.*NAME=")([^"]*)(".*\n)/, (head, name, rest) => `${head}${name}${rest}${head}Another${rest}`),
    ],
    ["another number of channels", ["audio-groups"], ({ hls }) => edit(hls, /CHANNELS="\d"/, 'CHANNELS="6"')],
    ["no language", ["audio-groups"], ({ hls }) => edit(hls, /LANGUAGE="und",/, "")],
    ["a longer EXTINF", ["extinf-against-media"], (copy) => edit(copy.in("v240", "index.m3u8"), /EXTINF:2[.\d]*/, "EXTINF:2.2")],
    [
      "a shorter target duration",
      ["target-durations"],
      (copy) => edit(copy.in("v240", "index.m3u8"), /TARGETDURATION:\d+/, "TARGETDURATION:5"),
    ],
    ["a playlist without an end", ["vod-playlists"], (copy) => edit(copy.in("v270", "index.m3u8"), /#EXT-X-ENDLIST\n/, "")],
    ["a playlist that is an event", ["vod-playlists"], (copy) => edit(copy.in("v270", "index.m3u8"), /TYPE:VOD/, "TYPE:EVENT")],
    [
      "an I frame too few",
      ["ranges-hold-keyframes"],
      (copy) => edit(copy.in("v270", "iframes.m3u8"), /#EXTINF.*\n#EXT-X-BYTERANGE.*\n00002.m4s\n/, ""),
    ],
    [
      "a range that cuts its I frame",
      ["ranges-hold-keyframes"],
      (copy) => edit(copy.in("v270", "iframes.m3u8"), /BYTERANGE:(\d+)@/, (bytes) => `BYTERANGE:${Number(bytes) - 9}@`),
    ],
    [
      "an I frame that lasts too long",
      ["i-frame-durations"],
      (copy) => edit(copy.in("v270", "iframes.m3u8"), /EXTINF:2[.\d]*/, "EXTINF:2.1"),
    ],
    [
      "I frames of another size",
      ["i-frame-attributes"],
      ({ hls }) => edit(hls, /(#EXT-X-I-FRAME.*RESOLUTION=)480x270/, (head) => `${head}640x360`),
    ],
    ["no I-frame playlist", ["i-frames-of-each"], ({ hls }) => edit(hls, /#EXT-X-I-FRAME-STREAM-INF.*\n/, "")],
    [
      "a timeline of DASH that is off",
      ["timeline-of-media"],
      ({ dash }) => edit(dash, /<S t="0" d="(\d+)"/, (ticks) => `<S t="0" d="${Math.round(Number(ticks) * 1.02)}"`),
    ],
    ["another duration of the MPD", ["presentation-duration"], ({ dash }) => edit(dash, /PT8S/, "PT9S")],
    ["a set without alignment", ["mpd-attributes"], ({ dash }) => edit(dash, /segmentAlignment="true" /, "")],
    ["other codecs in DASH", ["mpd-attributes"], ({ dash }) => edit(dash, /codecs="avc1\.4d/, 'codecs="avc1.64')],
    ["a bandwidth of DASH that stalls", ["leaky-bucket"], ({ dash }) => edit(dash, /( bandwidth=")(\d+)/, times(0.4))],
    [
      "a representation that is not there",
      ["same-segments"],
      ({ dash }) => edit(dash, /<Representation id="v240"[^]*?<\/Representation>/, ""),
    ],
    ["a segment that is missing", ["everything-is-there"], (copy) => rm(copy.in("v240", "00002.m4s"))],
    ["a playlist that is missing", ["everything-is-there"], (copy) => rm(copy.in("a-und", "index.m3u8"))],
  ])("%s", async (_what, rules, damage) => {
    await expect(brokenBy(damage)).resolves.toStrictEqual(rules);
  });

  test("a segment whose time is shifted by a frame", async () => {
    const rules = await brokenBy((copy) => delay(copy.in("v240", "00002.m4s"), VIDEO_TIMESCALE / 25));
    expect(rules).toEqual(expect.arrayContaining(["segments-aligned", "continuous"]));
  });

  test("a segment whose media is noise", async () => {
    const rules = await brokenBy((copy) => patch(copy.in("v240", "00001.m4s"), (bytes) => bytes.fill(0x5a, bytes.indexOf("mdat") + 30)));
    expect(rules).toContain("decodes");
  });

  test("a segment that begins with another picture than an IDR", async () => {
    const rules = await brokenBy((copy) => patch(copy.in("v240", "00002.m4s"), notIdr));
    expect(rules).toContain("starts-with-sync");
  });
});
