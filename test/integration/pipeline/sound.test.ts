import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { conformance } from "../../conformance/conformance.ts";
import { FAST, ffmpeg, picture, tone } from "../../helpers/clips.ts";
import { rangeOf, readMultivariant } from "../../helpers/published.ts";
import { audibleRange, chord, samplesOf, tonesIn } from "../../helpers/sound.ts";
import type { TemporaryFolder } from "../../helpers/temporary-folder.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";
import { transcodeIn } from "../../helpers/transcode.ts";

const AUDIO_FRAME = 1024 / 48_000;
/** What AAC at these bit rates does to the level of a tone, as a share of it. */
const LEVEL_TOLERANCE = 0.12;
/** The fourth is for the LFE, which carries nothing above 120 Hz. */
const TONES = [310, 470, 730, 60, 1130, 1510, 2030, 2570];
const VIDEO = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-crf", "40"];
/** The down-mix of ITU-R BS.775. */
const HALF_POWER = Math.SQRT1_2;

interface Rendition {
  readonly group: string | undefined;
  readonly channels: string | undefined;
  readonly language: string | undefined;
  readonly name: string | undefined;
  readonly isDefault: boolean;
  readonly path: string;
}

async function renditionsIn(folder: TemporaryFolder): Promise<readonly Rendition[]> {
  const { audio } = await readMultivariant(folder.in("out", "index.m3u8"));
  return audio.map(({ attributes, path }) => {
    const value = (name: string): string | undefined => new RegExp(`[:,]${name}="([^"]*)"`).exec(attributes)?.[1];
    return {
      group: value("GROUP-ID"),
      channels: value("CHANNELS"),
      language: value("LANGUAGE"),
      name: value("NAME"),
      isDefault: attributes.includes("DEFAULT=YES"),
      path,
    };
  });
}

/** Publishes a picture of two seconds with this sound. */
async function published(folder: TemporaryFolder, name: string, sound: readonly string[]): Promise<readonly Rendition[]> {
  await ffmpeg(...picture({ size: "320x180" }), ...sound, ...VIDEO, folder.in(name));
  await transcodeIn(folder, folder.in(name));
  return renditionsIn(folder);
}

async function expectTones(rendition: Rendition | undefined, expected: readonly (readonly number[])[]): Promise<void> {
  const found = tonesIn(await samplesOf(rendition?.path ?? ""), TONES.slice(0, expected[0]?.length));
  expect(found).toHaveLength(expected.length);
  const off = found.map((levels, channel) => levels.map((level, index) => Math.abs(level - (expected[channel]?.[index] ?? NaN))));
  expect(off.flat().filter((difference) => !(difference < LEVEL_TOLERANCE))).toStrictEqual([]);
}

/** One tone a channel, each where it was. */
const inPlace = (count: number, tones = count): number[][] =>
  Array.from({ length: count }, (_, channel) => Array.from({ length: tones }, (_tone, index) => (index === channel ? 1 : 0)));

const SURROUND_IN_STEREO = [
  [1, 0, HALF_POWER, 0, HALF_POWER, 0],
  [0, 1, HALF_POWER, 0, 0, HALF_POWER],
];

describe("a source with few channels is published in stereo alone", () => {
  test.each([
    { what: "mono PCM in MOV", file: "a.mov", sound: [...chord("mono", [310]), "-c:a", "pcm_s24le"], expected: [[1], [1]] },
    { what: "mono at 8 kHz", file: "a.mp4", sound: [...chord("mono", [310], { rate: 8000 }), ...["-c:a", "aac"]], expected: [[1], [1]] },
    {
      what: "stereo FLAC at 96 kHz",
      file: "a.mkv",
      sound: [...chord("stereo", TONES.slice(0, 2), { rate: 96_000 }), "-c:a", "flac"],
      expected: inPlace(2),
    },
    {
      what: "quadraphonic",
      file: "a.mkv",
      sound: [...chord("quad", TONES.slice(0, 4)), "-c:a", "flac"],
      expected: [
        [1, 0, HALF_POWER, 0],
        [0, 1, 0, HALF_POWER],
      ],
    },
  ])("$what", async ({ file, sound, expected }) => {
    await using folder = await temporaryFolder();
    const found = await published(folder, file, sound);
    expect(found.map(({ group, channels }) => [group, channels])).toStrictEqual([["audio", "2"]]);
    await expectTones(found[0], expected);
  });
});

describe("a source with many channels is published in stereo and in 5.1, every channel in its place", () => {
  const FLAC = ["-c:a", "flac"];
  test.each<readonly [what: string, file: string, sound: readonly string[]]>([
    ["AAC 5.1", "a.mp4", [...chord("5.1", TONES.slice(0, 6)), "-c:a", "aac", "-b:a", "384k"]],
    ["AC-3 with side channels", "a.mkv", [...chord("5.1(side)", TONES.slice(0, 6)), "-c:a", "ac3", "-b:a", "448k"]],
    ["Opus", "a.mkv", [...chord("5.1", TONES.slice(0, 6)), "-c:a", "libopus", "-b:a", "384k"]],
    ["FLAC with side channels", "a.mkv", [...chord("5.1(side)", TONES.slice(0, 6)), ...FLAC]],
  ])("%s", async (_what, file, sound) => {
    await using folder = await temporaryFolder();
    const found = await published(folder, file, sound);
    expect(found.map(({ group, channels }) => [group, channels])).toStrictEqual([
      ["audio", "2"],
      ["audio-51", "6"],
    ]);
    await expectTones(found[0], SURROUND_IN_STEREO);
    await expectTones(found[1], inPlace(6));
  });

  test("5.1 at full scale, without clipping its stereo", async () => {
    await using folder = await temporaryFolder();
    const [found] = await published(folder, "a.mkv", [...chord("5.1", [310, 310, 310, 60, 310, 310]), "-af", "volume=19dB", ...FLAC]);
    const peaks = (await samplesOf(found?.path ?? "")).map((samples) =>
      samples.reduce((peak, value) => Math.max(peak, Math.abs(value)), 0),
    );
    expect(Math.max(...peaks)).toBeLessThan(1);
    expect(Math.min(...peaks)).toBeGreaterThan(0.7);
  });

  test("7.1, its side channels mixed into the surrounds", async () => {
    await using folder = await temporaryFolder();
    const found = await published(folder, "a.mkv", [...chord("7.1", TONES), ...FLAC]);
    await expectTones(found[1], [...inPlace(4, 8), [0, 0, 0, 0, 1, 0, HALF_POWER, 0], [0, 0, 0, 0, 0, 1, 0, HALF_POWER]]);
  });

  test("six channels that nobody named, as 5.1", async () => {
    await using folder = await temporaryFolder();
    await ffmpeg(...chord("5.1", TONES.slice(0, 6)), "-f", "s16le", folder.in("raw"));
    const unnamed = ["-f", "s16le", "-ar", "48000", "-ac", "6", "-guess_layout_max", "0", "-i", folder.in("raw"), "-c:a", "copy"];
    const found = await published(folder, "a.mkv", unnamed);
    await expectTones(found[0], SURROUND_IN_STEREO);
    await expectTones(found[1], inPlace(6));
  });

  test("sixteen channels, the first six as 5.1", async () => {
    await using folder = await temporaryFolder();
    await ffmpeg(...chord("hexadecagonal", [...TONES, ...TONES.map((frequency) => frequency + 3000)]), "-f", "s16le", folder.in("raw"));
    const raw = ["-f", "s16le", "-ar", "48000", "-ac", "16", "-guess_layout_max", "0", "-i", folder.in("raw"), "-c:a", "pcm_s16le"];
    const found = await published(folder, "a.mov", raw);
    await expectTones(found[0], SURROUND_IN_STEREO);
    await expectTones(found[1], inPlace(6));
  });
});

describe("sound that does not cover the picture", () => {
  test("is silence where it is missing, cut where it is too long, and in time", async () => {
    await using folder = await temporaryFolder();
    const inputs = [
      ...picture({ size: "320x180", seconds: 3 }),
      ...tone({ seconds: 1 }),
      ...tone({ seconds: 5 }),
      ...["-itsoffset", "1.25", ...tone({ seconds: 1 })],
      ...["-f", "lavfi", "-i", "anullsrc=channel_layout=stereo:sample_rate=48000:duration=3"],
    ];
    await ffmpeg(...inputs, ...[0, 1, 2, 3, 4].flatMap((input) => ["-map", `${input}`]), ...VIDEO, "-c:a", "flac", folder.in("a.mkv"));
    await transcodeIn(folder, folder.in("a.mkv"));
    const found = await renditionsIn(folder);
    const audible = await Promise.all(found.map(async ({ path }) => audibleRange((await samplesOf(path))[0])));
    expect(audible[3]).toBeUndefined();
    const expected = [
      { start: 0, end: 1 },
      { start: 0, end: 3 },
      { start: 1.25, end: 2.25 },
    ];
    for (const [index, { start, end }] of expected.entries()) {
      expect(Math.abs((audible[index]?.start ?? NaN) - start)).toBeLessThan(AUDIO_FRAME);
      expect(Math.abs((audible[index]?.end ?? NaN) - end)).toBeLessThan(AUDIO_FRAME);
    }
    for (const { path } of found) expect(Math.abs((await rangeOf(path, "a")).end - 3)).toBeLessThan(AUDIO_FRAME);
  });
});

describe("several tracks", () => {
  test("of two languages and a commentary are offered in both groups, 5.1 where there is any", async () => {
    await using folder = await temporaryFolder();
    const inputs = [...picture({ size: "320x180" }), ...chord("5.1", TONES.slice(0, 6)), ...tone(), ...tone({ frequency: 880 })];
    const tags = ["language=eng", "language=ger", "language=eng"].flatMap((tag, index) => [`-metadata:s:a:${index}`, tag]);
    const title = ["-metadata:s:a:2", "title=Commentary", "-disposition:a:1", "default", "-disposition:a:0", "0"];
    await ffmpeg(...inputs, ...["0", "1", "2", "3"].flatMap((input) => ["-map", input]), ...FAST, ...tags, ...title, folder.in("a.mkv"));
    await transcodeIn(folder, folder.in("a.mkv"));
    const found = await renditionsIn(folder);
    expect(found.map(({ group, name, language, channels, isDefault }) => [group, name, language, channels, isDefault])).toStrictEqual([
      ["audio", "English", "en", "2", false],
      ["audio", "Deutsch", "de", "2", true],
      ["audio", "Commentary", "en", "2", false],
      ["audio-51", "English", "en", "6", false],
      ["audio-51", "Deutsch", "de", "2", true],
      ["audio-51", "Commentary", "en", "2", false],
    ]);
    const playlist = await readFile(folder.in("out", "index.m3u8"), "utf8");
    const groups = [...playlist.matchAll(/^#EXT-X-STREAM-INF:.*AUDIO="([^"]+)"/gm)].map(([, group]) => group);
    expect(groups).toStrictEqual(["audio", "audio-51"]);
    await expect(conformance(folder.in("out"), { source: folder.in("a.mkv") })).resolves.toStrictEqual([]);
  });

  test("eight of one channel are eight renditions in stereo, the first the default", async () => {
    await using folder = await temporaryFolder();
    const inputs = TONES.flatMap((frequency) => tone({ frequency, seconds: 1 }));
    const maps = TONES.flatMap((_, index) => ["-map", `${index + 1}`]);
    await ffmpeg(
      ...picture({ size: "320x180", seconds: 1 }),
      ...inputs,
      "-map",
      "0",
      ...maps,
      ...VIDEO,
      "-c:a",
      "pcm_s16le",
      folder.in("a.mov"),
    );
    await transcodeIn(folder, folder.in("a.mov"));
    const found = await renditionsIn(folder);
    expect(found.map(({ channels }) => channels)).toStrictEqual(TONES.map(() => "2"));
    expect(found.map(({ isDefault }) => isDefault)).toStrictEqual(TONES.map((_, index) => index === 0));
    expect(new Set(found.map(({ name }) => name)).size).toBe(TONES.length);
    const third = tonesIn(await samplesOf(found[2]?.path ?? ""), TONES);
    for (const levels of third) expect(levels.indexOf(Math.max(...levels))).toBe(2);
  });
});
