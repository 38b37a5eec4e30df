import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { z } from "zod";
import type { InputFacts, InputStream } from "../input-facts.ts";
import { inputFacts } from "../input-facts.ts";
import { ObjectMissing } from "../objects.ts";
import type { Runtime } from "../runtime.ts";
import { mediaConvertError } from "./errors.ts";
import { placeOf } from "./make-outputs.ts";

const request = z.looseObject({ inputFiles: z.tuple([z.looseObject({ fileUrl: z.string().regex(/^s3:\/\/[^/]+\/.+/) })]) });

/** Reads the body of Probe: one file of S3. Throws BadRequestException. */
export function parseProbe(body: unknown): string {
  const parsed = request.safeParse(body);
  if (!parsed.success) throw mediaConvertError("BadRequestException", z.prettifyError(parsed.error));
  return parsed.data.inputFiles[0].fileUrl;
}

const { signal } = new AbortController();

/** The ProbeResult of a file. Throws NotFoundException, and UnprocessableEntityException for what is no media. */
export async function probe(uri: string, { objects, tools }: Pick<Runtime<unknown, string>, "objects" | "tools">): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), "ladderd-engine-probe-"));
  try {
    const file = join(folder, "film");
    await objects.download(placeOf(uri), file, signal).catch((error: unknown) => {
      throw error instanceof ObjectMissing ? mediaConvertError("NotFoundException", `There is no ${uri}.`) : error;
    });
    const facts = await inputFacts(tools, file, signal).catch((error: unknown) => {
      throw mediaConvertError("UnprocessableEntityException", `${uri} cannot be probed: ${String(error)}`);
    });
    return resultOf(facts, { format: FORMATS[extname(uri)] ?? "mp4", fileSize: (await stat(file)).size });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const FORMATS: Readonly<Record<string, string>> = {
  ".mov": "quicktime",
  ".mkv": "matroska",
  ".ts": "mpegts",
  ".webm": "webm",
  ".mxf": "mxf",
};
const CODECS: Readonly<Record<string, string>> = {
  h264: "AVC",
  hevc: "HEVC",
  aac: "AAC",
  av1: "AV1",
  vp9: "VP9",
  mp3: "MP3",
  opus: "OPUS",
};

function resultOf({ durationSeconds, streams }: InputFacts, { format, fileSize }: { format: string; fileSize: number }): unknown {
  const placesOf = (wanted: InputStream["kind"]): readonly number[] =>
    streams.flatMap(({ kind }, index) => (kind === wanted ? [index + 1] : []));
  return {
    container: { format, duration: durationSeconds, tracks: streams.map(trackOf) },
    metadata: { fileSize, mimeType: `video/${format}` },
    trackMappings: [{ audioTrackIndexes: placesOf("audio"), dataTrackIndexes: placesOf("subtitle"), videoTrackIndexes: placesOf("video") }],
  };
}

function trackOf(stream: InputStream, position: number): unknown {
  const { kind, codec, durationSeconds, language } = stream;
  const track = { index: position + 1, duration: durationSeconds, codec: CODECS[codec] ?? "UNKNOWN" };
  if (kind === "video") return { ...track, trackType: "video", videoProperties: pictureOf(stream) };
  if (kind === "subtitle") return { ...track, trackType: "data", dataProperties: { languageCode: language } };
  const { channels, sampleRateHz } = stream;
  return { ...track, trackType: "audio", audioProperties: { channels, sampleRate: sampleRateHz, languageCode: language } };
}

/** The stored size: the service tells the rotation beside it. */
function pictureOf({ width, height, rotation, exactFrameRate }: InputStream): unknown {
  const [numerator, denominator] = exactFrameRate.split("/").map(Number);
  const isTurned = rotation % 180 === 90;
  return { width: isTurned ? height : width, height: isTurned ? width : height, rotation, frameRate: { numerator, denominator } };
}
