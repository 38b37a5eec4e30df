import type { Rational } from "../domain/rational.ts";
import { multiply, parseRational, rational, toNumber } from "../domain/rational.ts";
import type { Colour, VideoTrack } from "../domain/source.ts";
import type { ProbedStream } from "./ffprobe-json.ts";
import { measureFrameRate } from "./frame-rate.ts";
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
  };
}

type Geometry = Pick<
  VideoTrack,
  "codedWidth" | "codedHeight" | "rotation" | "turnedByTag" | "sampleAspect" | "displayWidth" | "displayHeight" | "displayAspect"
>;

function geometryOf(stream: ProbedStream): Geometry {
  const { width: codedWidth = 0, height: codedHeight = 0 } = stream;
  const matrix = matrixRotationOf(stream);
  const rotation = quarterTurns(matrix ?? Number(stream.tags.get("rotate") ?? 0));
  const sampleAspect = sampleAspectOf(stream);
  const upright = multiply(rational(Math.max(1, codedWidth), Math.max(1, codedHeight)), sampleAspect);
  const wide = Math.round(codedWidth * toNumber(sampleAspect));
  const byTag = matrix === undefined && rotation !== 0 ? ({ turnedByTag: true } as const) : {};
  const coded = { codedWidth, codedHeight, rotation, ...byTag, sampleAspect };
  return rotation === 90 || rotation === 270
    ? { ...coded, displayWidth: codedHeight, displayHeight: wide, displayAspect: rational(upright.den, upright.num) }
    : { ...coded, displayWidth: wide, displayHeight: codedHeight, displayAspect: upright };
}

/** Side data counts counter-clockwise, the old tag clockwise. */
function matrixRotationOf(stream: ProbedStream): number | undefined {
  const sideData = stream.side_data_list.find((data) => data.rotation !== undefined)?.rotation;
  return sideData === undefined ? undefined : -sideData;
}

/** A matrix that is no rotation reads as a huge number. */
function quarterTurns(clockwise: number): VideoTrack["rotation"] {
  if (!Number.isFinite(clockwise) || Math.abs(clockwise) > 3600) return 0;
  const turns = ((Math.round(clockwise / 90) % 4) + 4) % 4;
  return turns === 1 ? 90 : turns === 2 ? 180 : turns === 3 ? 270 : 0;
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
const matrixOf = ({ color_space: space = "", width = 0, height = 0 }: ProbedStream): Colour["matrix"] =>
  MATRICES.get(space) ?? (Math.min(width, height) < 720 ? "bt601" : "bt709");
