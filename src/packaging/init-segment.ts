import type { Box } from "./boxes.ts";
import { BoxError, findBox, needBox, readBoxes, readFields } from "./boxes.ts";
import type { ProtectionFacts } from "./protection-boxes.ts";
import { readProtection } from "./protection-boxes.ts";
import { VIDEO_ENTRIES } from "./video-codec-strings.ts";

/** What an init segment says of its one track. */
export interface InitFacts {
  readonly sizeBytes: number;
  readonly timescale: number;
  /** Ticks the edit list takes off every composition time. */
  readonly editTicks: number;
  /** RFC 6381. */
  readonly codecs: string;
  readonly defaults: SampleDefaults;
  readonly picture?: { readonly width: number; readonly height: number };
  readonly sound?: { readonly channels: number; readonly sampleRate: number };
  /** Undefined for a track in clear. */
  readonly protection?: ProtectionFacts;
}

export interface SampleDefaults {
  readonly durationTicks: number;
  readonly sizeBytes: number;
  readonly flags: number;
}

const SAMPLE_ENTRY_BYTES = 8;
const VISUAL_ENTRY_BYTES = 78;
const AUDIO_ENTRY_BYTES = 28;

/** Reads an init segment of ISO/IEC 14496-12 with exactly one track. Throws BoxError. */
export const readInit = (bytes: Buffer): InitFacts => readFields(() => parseInit(bytes));

function parseInit(bytes: Buffer): InitFacts {
  const moov = needBox(bytes, ["moov"]);
  const traks = readBoxes(bytes, moov.body, moov.end).filter(({ type }) => type === "trak");
  const [trak] = traks;
  if (!trak || traks.length > 1) throw new BoxError(`${traks.length} tracks in one init segment`);
  const mdhd = needBox(bytes, ["mdia", "mdhd"], trak);
  const stsd = needBox(bytes, ["mdia", "minf", "stbl", "stsd"], trak);
  const [entry] = readBoxes(bytes, stsd.body + 8, stsd.end);
  if (!entry) throw new BoxError("no sample entry");
  const { type, protection } = readProtection(bytes, entry);
  const timescale = bytes.readUInt32BE(mdhd.body + (bytes[mdhd.body] === 1 ? 20 : 12));
  if (timescale === 0) throw new BoxError("a time scale of 0");
  return {
    sizeBytes: bytes.length,
    timescale,
    editTicks: readEdit(bytes, trak),
    defaults: readDefaults(bytes, moov),
    ...readEntry(bytes, { ...entry, type }),
    ...(protection ? { protection } : {}),
  };
}

function readEdit(bytes: Buffer, trak: Box): number {
  const elst = findBox(bytes, ["edts", "elst"], trak);
  if (!elst || bytes.readUInt32BE(elst.body + 4) === 0) return 0;
  const isLong = bytes[elst.body] === 1;
  const mediaTime = isLong ? Number(bytes.readBigInt64BE(elst.body + 16)) : bytes.readInt32BE(elst.body + 12);
  return Math.max(0, mediaTime);
}

function readDefaults(bytes: Buffer, moov: Box): SampleDefaults {
  const { body } = needBox(bytes, ["mvex", "trex"], moov);
  return { durationTicks: bytes.readUInt32BE(body + 12), sizeBytes: bytes.readUInt32BE(body + 16), flags: bytes.readUInt32BE(body + 20) };
}

function readEntry(bytes: Buffer, entry: Box): Pick<InitFacts, "codecs" | "picture" | "sound"> {
  const video = VIDEO_ENTRIES.get(entry.type);
  if (video) {
    const configuration = needBox(bytes, [video.configuration], { body: entry.body + VISUAL_ENTRY_BYTES, end: entry.end });
    const at = entry.body + SAMPLE_ENTRY_BYTES + 16;
    return {
      codecs: video.codecs(bytes, configuration),
      picture: { width: bytes.readUInt16BE(at), height: bytes.readUInt16BE(at + 2) },
    };
  }
  if (entry.type === "mp4a") {
    const esds = needBox(bytes, ["esds"], { body: entry.body + AUDIO_ENTRY_BYTES, end: entry.end });
    const at = entry.body + SAMPLE_ENTRY_BYTES + 8;
    return {
      codecs: `mp4a.40.${readObjectType(bytes, esds)}`,
      sound: { channels: bytes.readUInt16BE(at), sampleRate: bytes.readUInt32BE(at + 8) >>> 16 },
    };
  }
  throw new BoxError(`unexpected sample entry ${entry.type}`);
}

/** The audio object type of ISO/IEC 14496-3 inside ES, decoder config and decoder specific descriptors (tags 3, 4, 5). */
function readObjectType(bytes: Buffer, esds: Box): number {
  const esFlags = 3;
  let at = esds.body + 4;
  for (const [tag, fixedBytes] of [
    [3, esFlags],
    [4, 13],
    [5, 0],
  ] as const) {
    if (bytes[at] !== tag) throw new BoxError(`no descriptor ${tag} in esds`);
    at += 1;
    while (((bytes[at] ?? 0) & 0x80) !== 0) at += 1;
    at += 1 + fixedBytes;
  }
  return (bytes[at] ?? 0) >> 3;
}
