import type { Measured } from "../../src/media/build-source.ts";
import { buildSource } from "../../src/media/build-source.ts";
import { parseProbeReport } from "../../src/media/ffprobe-json.ts";
import type { PacketStats } from "../../src/media/packet-stats.ts";
import { packetStats } from "../../src/media/packet-stats.ts";
import type { Source } from "../../src/domain/source.ts";

type Json = Readonly<Record<string, unknown>>;

/** A 640x360 H.264 stream at 30 fps as ffprobe's JSON has it; a test names what it changes. */
export const videoJson = (changes: Json = {}): Json => ({
  index: 0,
  codec_type: "video",
  codec_name: "h264",
  codec_tag_string: "avc1",
  width: 640,
  height: 360,
  pix_fmt: "yuv420p",
  field_order: "progressive",
  sample_aspect_ratio: "1:1",
  r_frame_rate: "30/1",
  avg_frame_rate: "30/1",
  color_space: "bt709",
  disposition: { default: 1, attached_pic: 0 },
  ...changes,
});

export const audioJson = (changes: Json = {}): Json => ({
  index: 1,
  codec_type: "audio",
  codec_name: "aac",
  codec_tag_string: "mp4a",
  channels: 2,
  sample_rate: "48000",
  disposition: { default: 1 },
  tags: { language: "eng" },
  ...changes,
});

/** Statistics of packets at these times, each lasting to the next. */
export function statsOf(times: readonly number[], durationSeconds = 0): PacketStats {
  const stats = packetStats();
  for (const [index, ptsSeconds] of times.entries()) {
    stats.add({ ptsSeconds, durationSeconds, sizeBytes: 1000, isKeyframe: index === 0 });
  }
  const result = stats.result();
  if (!result) throw new RangeError("statistics of nothing");
  return result;
}

/** Times of `count` frames at a steady rate. */
export const steadyTimes = (count: number, fps: number, start = 0): number[] =>
  Array.from({ length: count }, (_, index) => start + index / fps);

/** What ladderd makes of these streams when 300 steady packets of each are read. */
export function sourceOf(streams: readonly Json[], changes: { format?: Json; measured?: Partial<Measured> } = {}): Source {
  const json = JSON.stringify({ streams, format: { format_name: "mov,mp4,m4a,3gp,3g2,mj2", start_time: "0.000000", ...changes.format } });
  const report = parseProbeReport(json);
  if (!report) throw new RangeError("not a report");
  const packets = new Map(report.streams.map(({ index }) => [index, statsOf(steadyTimes(300, 30), 1 / 30)]));
  return buildSource(report, {
    sizeBytes: 1_000_000,
    packets,
    packetsRead: new Map(report.streams.map(({ index }) => [index, 300])),
    isCut: false,
    ...changes.measured,
  });
}
