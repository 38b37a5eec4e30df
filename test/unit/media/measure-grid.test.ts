import { writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { parseProbeReport } from "../../../src/media/ffprobe-json.ts";
import { gopStats } from "../../../src/media/gop-stats.ts";
import { withKeyframeGrid } from "../../../src/media/measure-grid.ts";
import { sourceOf, videoJson } from "../../helpers/probe-json.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";

const { signal } = new AbortController();

/** 300 frames at 30 fps in GOPs of two seconds, all of them where nothing is. */
function steadyGops() {
  const stats = gopStats();
  for (let frame = 0; frame < 300; frame += 1) {
    const seconds = Number((frame / 30).toFixed(6));
    const packet = { ptsSeconds: seconds, dtsSeconds: seconds, durationSeconds: 1 / 30, sizeBytes: 1000, offset: 40_000 };
    stats.add({ ...packet, isKeyframe: frame % 60 === 0 });
  }
  return stats.result();
}

const STREAM = { profile: "High", level: 40, nal_length_size: "4" };

/** The grid of a stream whose header says these things, in a file without a single byte of media. */
async function gridWith(changes: Readonly<Record<string, unknown>>, format = "mov,mp4,m4a,3gp,3g2,mj2") {
  await using folder = await temporaryFolder();
  await writeFile(folder.in("source.mp4"), "no box");
  const json = videoJson({ ...STREAM, ...changes });
  const source = sourceOf([json], { format: { format_name: format } });
  const { streams } = parseProbeReport(JSON.stringify({ streams: [json] })) ?? { streams: [] };
  const found = { path: folder.in("source.mp4"), streams, gops: new Map([[0, steadyGops()]]) };
  return (await withKeyframeGrid(source, found, signal)).video?.keyframeGrid;
}

describe("withKeyframeGrid", () => {
  test("leaves other codecs and containers alone", async () => {
    await expect(gridWith({ codec_name: "hevc" })).resolves.toBeUndefined();
    await expect(gridWith({}, "matroska,webm")).resolves.toBeUndefined();
  });

  test.each([
    ["its sample entry is avc3", { codec_tag_string: "avc3" }],
    ["its profile is High 4:2:2", { profile: "High 4:2:2" }],
    ["its profile is unknown", { profile: undefined }],
    ["its level is above 5.2", { level: 60 }],
    ["its field order is unknown", { field_order: undefined }],
    ["its display matrix is not the identity", { side_data_list: [{ rotation: -9_223_372_036_854_775_808 }] }],
    ["its sample aspect ratio is 40:1", { sample_aspect_ratio: "40:1" }],
    ["its set of primaries is bt2020", { color_primaries: "bt2020" }],
    ["its transfer function is smpte170m", { color_primaries: "bt709", color_transfer: "smpte170m" }],
    ["its NAL units have no length in front", { nal_length_size: "0" }],
    ["its keyframes cannot be read", {}],
  ])("says: %s", async (reason, changes) => {
    await expect(gridWith(changes)).resolves.toStrictEqual({ kind: "none", reason });
  });
});
