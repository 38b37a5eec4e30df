import { describe, expect, test } from "vitest";
import { chunkPlan, uncutPlan } from "../../../src/domain/chunks.ts";
import type { VideoTrack } from "../../../src/domain/source.ts";
import type { EncodePlan } from "../../../src/domain/encode-plan.ts";
import { compile } from "../../../src/engines/ffmpeg/compile.ts";
import { filterGraph } from "../../../src/engines/ffmpeg/filter-graph.ts";
import { golden } from "../../helpers/golden.ts";
import { GOLDEN_PLANS, aPlan } from "../../helpers/plans.ts";
import { aCopyableTrack, aSource, aVideoTrack, anAudioTrack } from "../../helpers/sources.ts";

const argvOf = (plan: EncodePlan, threads = 0, sourcePath = "/job/source.bin"): readonly string[] =>
  compile({ plan, sourcePath, pipeOf: (id) => `/job/pipes/${id}.pipe`, limits: { maxPixels: 35_389_440, maxStreams: 32 }, threads });
const valuesOf = (argv: readonly string[], flag: string): (string | undefined)[] =>
  argv.flatMap((argument, index) => (argument === flag ? [argv[index + 1]] : []));

describe("the ffmpeg argv", () => {
  test.each(Object.entries(GOLDEN_PLANS))("of %s", async (name, plan) => {
    await expect(`${argvOf(plan).join("\n")}\n`).toMatchFileSnapshot(golden(`ffmpeg/${name}.argv`));
  });

  test.each(Object.entries(GOLDEN_PLANS))("maps every rendition of %s to its own pipe once", (_name, plan) => {
    const argv = argvOf(plan);
    const ids = [...plan.video, ...plan.audio].map(({ id }) => id);
    expect(new Set(valuesOf(argv, "-map"))).toStrictEqual(new Set(ids.map((id) => `[${id}]`)));
    expect(valuesOf(argv, "-map")).toHaveLength(ids.length);
    for (const id of ids) expect(argv[argv.lastIndexOf(`[${id}]`) + 1]).toBe("-map_metadata");
    expect(argv.filter((argument) => argument.endsWith(".pipe"))).toStrictEqual(
      valuesOf(argv, "-map").map((pad) => `/job/pipes/${pad?.slice(1, -1)}.pipe`),
    );
  });

  test("of a copied source", async () => {
    const plan = aPlan(aSource({ startSeconds: 0.1, video: aCopyableTrack({ startSeconds: 0.3 }) }));
    await expect(`${argvOf(plan).join("\n")}\n`).toMatchFileSnapshot(golden("ffmpeg/copied-1080p30.argv"));
  });

  test("puts every guard in front of the input", () => {
    const argv = argvOf(aPlan());
    const input = argv.indexOf("-i");
    expect(argv[input + 1]).toBe("/job/source.bin");
    for (const flag of ["-protocol_whitelist", "-format_whitelist", "-codec_whitelist", "-max_streams", "-max_pixels", "-max_alloc"]) {
      expect(argv.indexOf(flag)).toBeGreaterThanOrEqual(0);
      expect(argv.indexOf(flag)).toBeLessThan(input);
    }
  });

  test("strips the source's text from every output", () => {
    const argv = argvOf(aPlan());
    expect(valuesOf(argv, "-map_metadata")).toStrictEqual(Array(6).fill("-1"));
    expect(valuesOf(argv, "-map_chapters")).toStrictEqual(Array(6).fill("-1"));
  });

  test("says every message once for each time it happens: damaged frames are counted by line", () => {
    expect(valuesOf(argvOf(aPlan()), "-loglevel")).toStrictEqual(["repeat+level+warning"]);
  });

  test("limits encoder threads only when asked to", () => {
    expect(valuesOf(argvOf(aPlan()), "-threads")).toStrictEqual([]);
    expect(valuesOf(argvOf(aPlan(), 2), "-threads")).toStrictEqual(Array(5).fill("2"));
  });

  test("keeps a path with spaces in one piece", () => {
    expect(argvOf(aPlan(), 0, "/var/my work/source.bin")).toContain("/var/my work/source.bin");
  });
});

describe("the ffmpeg argv of a part", () => {
  const interlaced = GOLDEN_PLANS["interlaced-bt601"] ?? aPlan();
  const { video = aVideoTrack() } = interlaced.source;
  const plan = { ...interlaced, source: { ...interlaced.source, video: { ...video, longestGopSeconds: 2 } } };
  const inputOf = (argv: readonly string[]): readonly string[] => argv.slice(0, argv.indexOf("-i"));

  test("of a transport stream begins to read a keyframe interval early, on the source's own clock", async () => {
    const argv = argvOf(chunkPlan(plan, { startSeconds: 6, endSeconds: 12 }));
    await expect(`${argv.join("\n")}\n`).toMatchFileSnapshot(golden("ffmpeg/chunk.argv"));
    expect(valuesOf(inputOf(argv), "-ss")).toStrictEqual(["3.000000"]);
  });

  test("that is the first chunk, or all of the sound, reads from the start on the same clock", () => {
    const parts = [chunkPlan(plan, { startSeconds: 0, endSeconds: 6 }), uncutPlan(plan)].map((part) => argvOf(part));
    for (const argv of parts) {
      expect(inputOf(argv)).toContain("-copyts");
      expect(inputOf(argv)).not.toContain("-ss");
    }
    expect(parts.map((argv) => valuesOf(argv, "-map"))).toStrictEqual([plan.video.toReversed().map(({ id }) => `[${id}]`), ["[a-en]"]]);
  });
});

describe("sound that changes its layout", () => {
  const changing = anAudioTrack({ index: 2, language: "de", channels: 6, changesLayout: true, startSeconds: 1.75 });
  const plan = aPlan(
    aSource({ startSeconds: 1.4, video: aVideoTrack({ startSeconds: 1.5 }), audio: [anAudioTrack({ startSeconds: 1.4 }), changing] }),
  );

  test("is read from a file of its own, behind the same guards", () => {
    const argv = argvOf(plan);
    expect(valuesOf(argv, "-i")).toStrictEqual(["/job/source.bin", "/job/source.bin-2.mka"]);
    for (const flag of ["-protocol_whitelist", "-format_whitelist", "-codec_whitelist", "-max_streams"]) {
      expect(argv.slice(argv.indexOf("/job/source.bin"), argv.indexOf("/job/source.bin-2.mka"))).toContain(flag);
    }
  });

  test("is moved by what its file begins after the source, the rest by the source's clock", () => {
    const chains = filterGraph(plan);
    expect(chains.filter((chain) => chain.startsWith("[0:1]asetpts=PTS-(0.100000)/TB"))).toHaveLength(1);
    expect(chains.filter((chain) => chain.startsWith("[1:0]asetpts=PTS-(-0.250000)/TB"))).toHaveLength(2);
  });
});

describe("filterGraph", () => {
  test("scales each picture from the next larger one", () => {
    const chains = filterGraph(aPlan());
    expect(chains.filter((chain) => chain.startsWith("[below-")).map((chain) => chain.slice(0, chain.indexOf(":flags")))).toStrictEqual([
      "[below-v1080]scale=w=1280:h=720",
      "[below-v720]scale=w=854:h=480",
      "[below-v480]scale=w=640:h=360",
      "[below-v360]scale=w=426:h=240",
    ]);
  });

  test("scales a picture once for all its codecs", () => {
    const [top, below] = filterGraph(GOLDEN_PLANS["h264-av1"] ?? aPlan());
    expect(top).toMatch(/,split=3\[v360-h264\]\[v360-av1\]\[below-v360-h264\]$/);
    expect(below).toBe("[below-v360-h264]scale=w=426:h=240:flags=lanczos,setsar=1,split=2[v240-h264][v240-av1]");
  });

  const graphOf = (changes: Partial<VideoTrack>): string => filterGraph(aPlan(aSource({ video: aVideoTrack(changes) })))[0] ?? "";

  test.each([
    [{ rotation: 90 }, "transpose=clock"],
    [{ rotation: 180 }, "hflip,vflip"],
    [{ rotation: 270 }, "transpose=cclock"],
    [{ rotation: 0, mirrored: true }, "hflip"],
    [{ rotation: 90, mirrored: true }, "transpose=clock,hflip"],
  ] as const)("turns a picture as %j says", (changes, filter) => {
    expect(graphOf(changes)).toContain(`,${filter},scale=`);
    expect(graphOf({})).not.toMatch(/transpose|flip/);
  });

  test.each([
    [{ interlaced: true }, "bwdif=mode=send_frame:parity=auto:deint=all"],
    [{ interlaced: true, firstField: "top" }, "bwdif=mode=send_frame:parity=tff:deint=all"],
    [{ interlaced: true, firstField: "bottom" }, "bwdif=mode=send_frame:parity=bff:deint=all"],
    [{ pixelFormat: "yuva444p10le" }, "premultiply=inplace=1,scale="],
    [{ colour: { fullRange: true, matrix: "rgb" } }, ":out_color_matrix=bt709:in_range=full:out_range=limited,"],
    [{ colour: { fullRange: false, matrix: "bt2020" } }, "pin=bt2020:tin=bt709:t=bt709:m=bt709:p=bt709:r=limited,"],
    [{ hdr: "HLG", colour: { fullRange: false, matrix: "bt2020" } }, "tin=arib-std-b67:t=linear:npl=203,"],
  ] as const)("treats a picture with %j", (changes, filter) => {
    expect(graphOf(changes)).toContain(filter);
  });

  test("decodes a track once for all bit rates of it", () => {
    const chains = filterGraph(GOLDEN_PLANS["audio-only"] ?? aPlan());
    expect(chains).toHaveLength(2);
    expect(chains[0]).toMatch(/^\[0:0\].*asplit=2\[a-en\]\[a-en-2\]$/);
  });
});
