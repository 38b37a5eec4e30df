import type { Rational } from "../domain/rational.ts";
import { multiply, parseRational, rational, toNumber } from "../domain/rational.ts";
import type { Colour, VideoTrack } from "../domain/source.ts";
import type { ProbedStream } from "./ffprobe-json.ts";
import { measureFrameRate } from "./frame-rate.ts";
import { orientationOf } from "./orientation.ts";
import type { PacketStats } from "./packet-stats.ts";

const SQUARE = rational(1);
/** Beyond this a sample aspect is a mistake in the header. */
const MAX_SAMPLE_ASPECT = 10;

/** The track as a viewer sees it: display geometry, measured rate and range. */
export function buildVideoTrack(stream: ProbedStream, stats: PacketStats): VideoTrack {
  const { frameRate, isVariable } = measureFrameRate(stats, [parseRational(stream.r_frame_rate), parseRational(stream.avg_frame_rate)]);
  const lastSeconds = isVariable ? stats.endSeconds - stats.lastStartSeconds : frameRate.den / frameRate.num;
  const durationSeconds = stats.lastStartSeconds - stats.firstSeconds + lastSeconds;
  const hdr = hdrOf(stream);
  return {
    index: stream.index,
    codec: stream.codec_name ?? "unknown",
    ...geometryOf(stream),
    frameRate,
    variableFrameRate: isVariable,
    interlaced: ["tt", "bb", "tb", "bt"].includes(stream.field_order ?? ""),
    ...(hdr ? { hdr } : {}),
    colour: colourOf(stream),
    pixelFormat: stream.pix_fmt ?? "unknown",
    startSeconds: stats.firstSeconds,
    durationSeconds,
    frameCount: stats.count,
    bitrateBps: Math.round((stats.bytes * 8) / Math.max(durationSeconds, 0.001)),
    longestGopSeconds: stats.longestGopSeconds,
  };
}

type Geometry = Pick<
  VideoTrack,
  "codedWidth" | "codedHeight" | "rotation" | "mirrored" | "sampleAspect" | "displayWidth" | "displayHeight" | "displayAspect"
>;

function geometryOf(stream: ProbedStream): Geometry {
  const { width: codedWidth = 0, height: codedHeight = 0 } = stream;
  const orientation = orientationOf(stream);
  const { rotation } = orientation;
  const sampleAspect = sampleAspectOf(stream);
  const upright = multiply(rational(Math.max(1, codedWidth), Math.max(1, codedHeight)), sampleAspect);
  const wide = Math.round(codedWidth * toNumber(sampleAspect));
  const coded = { codedWidth, codedHeight, ...orientation, sampleAspect };
  return rotation === 90 || rotation === 270
    ? { ...coded, displayWidth: codedHeight, displayHeight: wide, displayAspect: rational(upright.den, upright.num) }
    : { ...coded, displayWidth: wide, displayHeight: codedHeight, displayAspect: upright };
}

function sampleAspectOf(stream: ProbedStream): Rational {
  const declared = parseRational(stream.sample_aspect_ratio);
  if (!declared || declared.num <= 0) return SQUARE;
  const value = toNumber(declared);
  return value > MAX_SAMPLE_ASPECT || value < 1 / MAX_SAMPLE_ASPECT ? SQUARE : declared;
}

function hdrOf(stream: ProbedStream): VideoTrack["hdr"] {
  if (stream.color_transfer === "smpte2084") return "PQ";
  return stream.color_transfer === "arib-std-b67" ? "HLG" : undefined;
}

function colourOf(stream: ProbedStream): Colour {
  const fullRange = stream.color_range === "pc" || (stream.pix_fmt ?? "").startsWith("yuvj");
  return { fullRange, matrix: matrixOf(stream) };
}

const MATRICES: ReadonlyMap<string, Colour["matrix"]> = new Map([
  ["bt709", "bt709"],
  ["smpte170m", "bt601"],
  ["bt470bg", "bt601"],
  ["fcc", "bt601"],
  ["bt2020nc", "bt2020"],
  ["bt2020c", "bt2020"],
]);

/** Untagged video follows its size, as players assume: standard definition is BT.601. */
function matrixOf({ color_space: space = "", pix_fmt: format = "", width = 0, height = 0 }: ProbedStream): Colour["matrix"] {
  if (/^(?:gbr|0?rgb|0?bgr|argb|abgr|pal8)/.test(format)) return "rgb";
  return MATRICES.get(space) ?? (Math.min(width, height) < 720 ? "bt601" : "bt709");
}
