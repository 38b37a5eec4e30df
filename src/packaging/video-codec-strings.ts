import type { Box } from "./boxes.ts";
import { BoxError } from "./boxes.ts";

/** How a picture's sample entry says its codec: the box inside it, and what RFC 6381 makes of that box. */
export interface VideoEntry {
  readonly configuration: string;
  codecs(bytes: Buffer, configuration: Box): string;
}

/** The sample entries we publish: hvc1, not hev1, since Apple plays no other (HLS authoring rule 1.10). */
export const VIDEO_ENTRIES: ReadonlyMap<string, VideoEntry> = new Map([
  ["avc1", { configuration: "avcC", codecs: avcString }],
  ["hvc1", { configuration: "hvcC", codecs: hevcString }],
  ["av01", { configuration: "av1C", codecs: av1String }],
]);

/** Profile, constraints and level as six hexadecimal digits (RFC 6381 3.3). */
function avcString(bytes: Buffer, { body }: Box): string {
  return `avc1.${bytes.toString("hex", body + 1, body + 4)}`;
}

/** ISO/IEC 14496-15 E.3: profile, compatibility (its bits reversed), tier and level, constraint bytes up to the last that is not 0. */
function hevcString(bytes: Buffer, { body }: Box): string {
  const head = bytes.readUInt8(body + 1);
  const profile = `${["", "A", "B", "C"][head >> 6]}${head & 0x1f}`;
  const compatibility = Number.parseInt(
    bytes
      .readUInt32BE(body + 2)
      .toString(2)
      .padStart(32, "0")
      .split("")
      .toReversed()
      .join(""),
    2,
  );
  const tier = head & 0x20 ? "H" : "L";
  const constraints = [...bytes.subarray(body + 6, body + 12)];
  const used = constraints.slice(0, constraints.findLastIndex((byte) => byte !== 0) + 1);
  const parts = [profile, hex(compatibility), `${tier}${bytes.readUInt8(body + 12)}`, ...used.map(hex)];
  return `hvc1.${parts.join(".")}`;
}

const hex = (value: number): string => value.toString(16).toUpperCase();

/** AV1 in ISOBMFF, 5: profile, level and tier, bit depth; what follows may be left out where it is BT.709 in limited range. */
function av1String(bytes: Buffer, { body }: Box): string {
  if (bytes.readUInt8(body) !== 0x81) throw new BoxError("an av1C of another version");
  const [levels, format] = [bytes.readUInt8(body + 1), bytes.readUInt8(body + 2)];
  const level = String(levels & 0x1f).padStart(2, "0");
  const isHighDepth = (format & 0x40) !== 0;
  const isTwelveBit = (format & 0x20) !== 0;
  const depth = isHighDepth ? (isTwelveBit ? "12" : "10") : "08";
  return `av01.${levels >> 5}.${level}${format & 0x80 ? "H" : "M"}.${depth}`;
}
