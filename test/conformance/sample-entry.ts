const hex = (value: number, digits = 2): string => value.toString(16).padStart(digits, "0");

/** Where the payload of the first box of this type begins; undefined without one. */
function payloadOf(bytes: Buffer, type: string): number | undefined {
  const at = bytes.indexOf(type, 0, "latin1");
  return at < 0 ? undefined : at + type.length;
}

/**
 * The codec string of RFC 6381 that an init segment's sample entry calls for, read from its configuration record (ISO/IEC
 * 14496-15 for AVC and HEVC, AV1-ISOBMFF, ISO/IEC 14496-1 for AAC); undefined for any other entry.
 */
export function codecOf(init: Buffer): string | undefined {
  const avc = payloadOf(init, "avcC");
  if (avc !== undefined) return `avc1.${init.subarray(avc + 1, avc + 4).toString("hex")}`;
  const hevc = payloadOf(init, "hvcC");
  if (hevc !== undefined) return hevcString(init, hevc);
  const av1 = payloadOf(init, "av1C");
  if (av1 !== undefined) return av1String(init, av1);
  return payloadOf(init, "mp4a") === undefined ? undefined : aacString(init);
}

/** ISO/IEC 14496-15 annex E.3: space and profile, reversed compatibility flags, tier and level, constraints without trailing zeros. */
function hevcString(init: Buffer, at: number): string {
  const first = init[at + 1] ?? 0;
  const compatibility = init.readUInt32BE(at + 2);
  const reversed = Number.parseInt([...compatibility.toString(2).padStart(32, "0")].toReversed().join(""), 2);
  const constraints = [...init.subarray(at + 6, at + 12)];
  while (constraints.at(-1) === 0) constraints.pop();
  const space = ["", "A", "B", "C"][first >> 6] ?? "";
  const tier = first & 0x20 ? "H" : "L";
  return [
    "hvc1",
    `${space}${first & 0x1f}`,
    reversed.toString(16),
    `${tier}${init[at + 12]}`,
    ...constraints.map((value) => hex(value)),
  ].join(".");
}

/** AV1-ISOBMFF 5: profile, level and tier, bit depth. */
function av1String(init: Buffer, at: number): string {
  const [profileLevel = 0, flags = 0] = init.subarray(at + 1, at + 3);
  const depth = flags & 0x40 ? (flags & 0x20 ? 12 : 10) : 8;
  const level = String(profileLevel & 0x1f).padStart(2, "0");
  return `av01.${profileLevel >> 5}.${level}${flags & 0x80 ? "H" : "M"}.${String(depth).padStart(2, "0")}`;
}

/** The audio object type of the DecoderSpecificInfo behind the DecoderConfigDescriptor of object type 0x40. */
function aacString(init: Buffer): string | undefined {
  const esds = payloadOf(init, "esds");
  if (esds === undefined) return undefined;
  const config = init.indexOf(Buffer.from([0x40, 0x15]), esds);
  const specific = config < 0 ? -1 : init.indexOf(5, config + 13);
  if (specific < 0) return undefined;
  let at = specific + 1;
  while ((init[at] ?? 0) & 0x80) at += 1;
  return `mp4a.40.${(init[at + 1] ?? 0) >> 3}`;
}
