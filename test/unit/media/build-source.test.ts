import { describe, expect, test } from "vitest";
import { parseProbeReport } from "../../../src/media/ffprobe-json.ts";
import { audioJson, sourceOf, statsOf, steadyTimes, videoJson } from "../../helpers/probe-json.ts";

const videoOf = (changes: Readonly<Record<string, unknown>>) => sourceOf([videoJson(changes)]).video;

describe("a video track", () => {
  test.each([
    [{ side_data_list: [{ side_data_type: "Display Matrix", rotation: -90 }] }, { rotation: 90, displayWidth: 360, displayHeight: 640 }],
    [{ side_data_list: [{ side_data_type: "Display Matrix", rotation: 90 }] }, { rotation: 270, displayWidth: 360, displayHeight: 640 }],
    [{ side_data_list: [{ side_data_type: "Display Matrix", rotation: -180 }] }, { rotation: 180, displayWidth: 640, displayHeight: 360 }],
    [{ side_data_list: [{ side_data_type: "Display Matrix", rotation: 270 }] }, { rotation: 90, displayWidth: 360, displayHeight: 640 }],
    [
      { side_data_list: [{ side_data_type: "CPB properties" }, { side_data_type: "Display Matrix", rotation: -90 }] },
      { rotation: 90, displayWidth: 360, displayHeight: 640 },
    ],
    [
      { side_data_list: [{ side_data_type: "Display Matrix", rotation: -9_223_372_036_854_775_808 }] },
      { rotation: 0, displayWidth: 640, displayHeight: 360 },
    ],
    [{ side_data_list: [{ rotation: -45 }] }, { rotation: 0, displayWidth: 640, displayHeight: 360 }],
    [{ side_data_list: [{ rotation: "nan" }] }, { rotation: 0, displayWidth: 640, displayHeight: 360 }],
    [{ tags: { rotate: "sideways" } }, { rotation: 0, displayWidth: 640, displayHeight: 360 }],
    [{}, { rotation: 0, displayWidth: 640, displayHeight: 360 }],
  ])("is turned as %j says", (changes, seen) => {
    expect(videoOf(changes)).toMatchObject(seen);
  });

  test.each([
    [{ tags: { rotate: "90" } }, 90],
    [{ tags: { ROTATE: "270" } }, 270],
    [{ tags: { rotate: "-90" } }, 270],
    [{ tags: { rotate: "180" } }, 180],
  ])("is turned as the tag in %j says, where there is no matrix", (changes, rotation) => {
    expect(videoOf(changes)).toMatchObject({ rotation });
  });

  test("is turned by its matrix when there is a tag as well", () => {
    const track = videoOf({ tags: { rotate: "180" }, side_data_list: [{ rotation: -90 }] });
    expect(track?.rotation).toBe(90);
  });

  test.each([
    ["1:1", 640, { num: 16, den: 9 }],
    ["4:3", 853, { num: 64, den: 27 }],
    ["0:1", 640, { num: 16, den: 9 }],
    ["N/A", 640, { num: 16, den: 9 }],
    ["100:1", 640, { num: 16, den: 9 }],
    ["1:100", 640, { num: 16, den: 9 }],
    [undefined, 640, { num: 16, den: 9 }],
  ])("shows a sample aspect of %s in square pixels", (sample_aspect_ratio, displayWidth, displayAspect) => {
    expect(videoOf({ sample_aspect_ratio })).toMatchObject({ displayWidth, displayHeight: 360, displayAspect });
  });

  test("applies the sample aspect before the rotation", () => {
    const track = videoOf({ width: 720, height: 576, sample_aspect_ratio: "16:15", side_data_list: [{ rotation: -90 }] });
    expect(track).toMatchObject({ displayWidth: 576, displayHeight: 768, displayAspect: { num: 3, den: 4 } });
  });

  test("survives a sample aspect whose product is too large for exact numbers", () => {
    expect(videoOf({ width: 8191, height: 8179, sample_aspect_ratio: "2147483647:2147483629" })?.displayHeight).toBe(8179);
  });

  test.each([
    [{ color_transfer: "smpte2084", color_space: "bt2020nc", color_range: "tv" }, "PQ", { fullRange: false, matrix: "bt2020" }],
    [{ color_transfer: "arib-std-b67", color_space: "bt2020nc" }, "HLG", { fullRange: false, matrix: "bt2020" }],
    [{ color_space: "smpte170m" }, undefined, { fullRange: false, matrix: "bt601" }],
    [{ color_space: undefined }, undefined, { fullRange: false, matrix: "bt601" }],
    [{ color_space: "unknown", width: 1280, height: 720 }, undefined, { fullRange: false, matrix: "bt709" }],
    [{ pix_fmt: "yuvj420p" }, undefined, { fullRange: true, matrix: "bt709" }],
    [{ color_range: "pc" }, undefined, { fullRange: true, matrix: "bt709" }],
  ])("has the colour that %j says", (changes, hdr, colour) => {
    const track = videoOf(changes);
    expect(track?.hdr).toBe(hdr);
    expect(track?.colour).toStrictEqual(colour);
  });

  test.each([
    ["tt", true],
    ["bb", true],
    ["tb", true],
    ["progressive", false],
    ["unknown", false],
    [undefined, false],
  ])("with field order %s is interlaced: %s", (field_order, interlaced) => {
    expect(videoOf({ field_order })?.interlaced).toBe(interlaced);
  });

  test("lasts one frame after its last packet, whatever the header says", () => {
    const source = sourceOf([videoJson({ duration: "144000.000000" })], { format: { duration: "144000.0" } });
    expect(source.durationSeconds).toBeCloseTo(10, 6);
  });
});

describe("the choice of streams", () => {
  test("passes over an attached picture that comes first", () => {
    const cover = videoJson({ codec_name: "png", disposition: { default: 0, attached_pic: 1 } });
    const source = sourceOf([cover, videoJson({ index: 1 }), audioJson({ index: 2 })]);
    expect(source.video?.index).toBe(1);
    expect(source.ignored).toStrictEqual(["stream 0: attached picture"]);
  });

  test("takes sound with cover art for sound", () => {
    const source = sourceOf([audioJson({ index: 0 }), videoJson({ index: 1, codec_name: "mjpeg", disposition: { attached_pic: 1 } })]);
    expect(source.video).toBeUndefined();
    expect(source.audio.map(({ index }) => index)).toStrictEqual([0]);
    expect(source.durationSeconds).toBeCloseTo(10, 6);
  });

  test("takes the default of two videos, else the larger", () => {
    const small = videoJson({ disposition: { default: 0 } });
    const large = videoJson({ index: 1, width: 1280, height: 720, disposition: { default: 0 } });
    expect(sourceOf([small, large]).video?.index).toBe(1);
    expect(sourceOf([{ ...small, disposition: { default: 1 } }, large]).video?.index).toBe(0);
    expect(sourceOf([small, large]).ignored).toStrictEqual(["stream 0: another video"]);
  });

  test("finds the picture behind sound as stream 0", () => {
    const source = sourceOf([audioJson({ index: 0 }), videoJson({ index: 1 })]);
    expect([source.video?.index, source.audio[0]?.index]).toStrictEqual([1, 0]);
  });

  test("leaves data and attachments alone", () => {
    const data = { index: 1, codec_type: "data", codec_tag_string: "gpmd", disposition: {} };
    const attachment = { index: 2, codec_type: "attachment", codec_name: "ttf" };
    expect(sourceOf([videoJson(), data, attachment])).toMatchObject({ audio: [], text: [] });
  });

  test("leaves sound without packets, channels or codec out", () => {
    const source = sourceOf([
      videoJson(),
      audioJson({ channels: 0 }),
      audioJson({ index: 2, codec_name: undefined }),
      audioJson({ index: 3 }),
    ]);
    expect(source.audio.map(({ index }) => index)).toStrictEqual([3]);
    expect(source.ignored).toHaveLength(2);
  });

  test("reads languages and titles whatever the case of their tags, and lets no text through that could act", () => {
    const source = sourceOf([
      videoJson(),
      audioJson({ tags: { LANGUAGE: "ger", TITLE: 'x"\n#EXT-X-KEY' } }),
      audioJson({ index: 2, tags: { language: "English!" } }),
    ]);
    expect(source.audio.map(({ language, title }) => [language, title])).toStrictEqual([
      ["de", "x #EXT-X-KEY"],
      ["und", undefined],
    ]);
  });

  test("keeps text subtitles and names bitmap ones as ignored", () => {
    const text = { index: 2, codec_type: "subtitle", codec_name: "subrip", disposition: { forced: 1 }, tags: { language: "fre" } };
    const bitmap = { index: 3, codec_type: "subtitle", codec_name: "hdmv_pgs_subtitle" };
    const source = sourceOf([videoJson(), text, bitmap]);
    expect(source.text).toStrictEqual([{ index: 2, codec: "subrip", language: "fr", forced: true }]);
    expect(source.ignored).toStrictEqual(["stream 3: hdmv_pgs_subtitle subtitles are not text"]);
  });
});

describe("what is rejected", () => {
  test.each([
    ["encryption", [videoJson({ codec_tag_string: "encv" })], "source_encrypted"],
    ["an unknown codec and nothing else", [videoJson({ codec_name: undefined, codec_tag_string: "magy" })], "source_codec"],
    ["data alone", [{ index: 0, codec_type: "data" }], "source_no_video"],
    ["a picture alone", [videoJson({ disposition: { attached_pic: 1 } })], "source_no_video"],
    ["a PNG as video", [videoJson({ codec_name: "png" })], "source_no_video"],
  ])("%s", (_what, streams, code) => {
    expect(() => sourceOf(streams)).toThrow(expect.objectContaining({ code }));
  });

  test("more than 5 % of the frames missing", () => {
    const declared = (nb_frames: string) => () => sourceOf([videoJson({ nb_frames, duration: String(Number(nb_frames) / 30) })]);
    expect(declared("320")).toThrow(expect.objectContaining({ code: "source_truncated" }));
    expect(declared("310")()).toMatchObject({ defects: ["truncated"] });
    expect(declared("300")()).toMatchObject({ defects: [] });
  });

  test("a container that says it is cut, when its duration says so too", () => {
    const cut = (duration: string) => () =>
      sourceOf([videoJson()], { format: { format_name: "avi", duration }, measured: { isCut: true } });
    expect(cut("20.0")).toThrow(expect.objectContaining({ code: "source_truncated" }));
    expect(cut("10.2")()).toMatchObject({ defects: ["truncated"] });
  });

  test("not: frames that an edit list hides", () => {
    const packets = new Map([[0, statsOf(steadyTimes(150, 30), 1 / 30)]]);
    const source = sourceOf([videoJson({ nb_frames: "300", duration: "5.000000" })], {
      measured: { packets, packetsRead: new Map([[0, 150]]) },
    });
    expect(source.defects).toStrictEqual([]);
  });
});

describe("parseProbeReport", () => {
  test.each(["", "not json", "[]", "null", '{"streams":[{"index":-1}]}', '{"streams":{}}'])("is undefined for %j", (json) => {
    expect(parseProbeReport(json)).toBeUndefined();
  });

  test("reads what it needs and survives the rest", () => {
    const odd = { index: 0, width: "N/A", disposition: null, tags: { title: 3 }, side_data_list: "x", duration: {} };
    expect(parseProbeReport(JSON.stringify({ streams: [odd] }))?.streams[0]).toMatchObject({
      index: 0,
      disposition: {},
      side_data_list: [],
    });
  });
});
