type Part = Buffer | string;

export const u8 = (...values: readonly number[]): Buffer => Buffer.from(values);
export const u16 = (...values: readonly number[]): Buffer => Buffer.from(values.flatMap((value) => [value >>> 8, value & 0xff]));
export const u32 = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, 4 * index);
  return bytes;
};
export const u64 = (value: number): Buffer => u32(Math.floor(value / 2 ** 32), value);
const join = (parts: readonly Part[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : part)));

/** A box of ISO/IEC 14496-12. */
export function box(type: string, ...parts: readonly Part[]): Buffer {
  const body = join(parts);
  return Buffer.concat([u32(8 + body.length), Buffer.from(type, "latin1"), body]);
}

/** A full box: version and flags in front. */
export const fullBox = (
  type: string,
  { version = 0, flags = 0 }: { version?: number; flags?: number },
  ...parts: readonly Part[]
): Buffer => box(type, u32(version * 2 ** 24 + flags), ...parts);

const visualEntry = (type: string, [width, height]: readonly [number, number], configuration: Buffer): Buffer =>
  box(type, Buffer.alloc(24), u16(width, height), Buffer.alloc(50), configuration);
const AVC_ENTRY = (width: number, height: number): Buffer =>
  visualEntry("avc1", [width, height], box("avcC", u8(1, 0x64, 0x00, 0x28, 0xff)));

/** An hvc1 sample entry whose hvcC begins with these profile, compatibility, constraint and level bytes. */
export const hevcEntry = (...profile: readonly number[]): Buffer =>
  visualEntry("hvc1", [640, 360], box("hvcC", u8(1, ...profile), Buffer.alloc(10)));

/** An av01 sample entry whose av1C holds these bytes. */
export const av1Entry = (...configuration: readonly number[]): Buffer => visualEntry("av01", [640, 360], box("av1C", u8(...configuration)));

const AAC_ENTRY = (channels: number, sampleRate: number): Buffer => {
  const descriptors = [u8(3, 0x80, 0x80, 0x80, 25), u16(1), u8(0), u8(4, 17), Buffer.alloc(13), u8(5, 2, (2 << 3) | 1, 0x90)];
  return box("mp4a", Buffer.alloc(16), u16(channels, 16, 0, 0), u32(sampleRate * 2 ** 16), fullBox("esds", {}, ...descriptors));
};

export interface InitOptions {
  readonly timescale?: number;
  readonly editTicks?: number;
  readonly entry?: Buffer;
  readonly tracks?: number;
  /** Version of mdhd and elst: 1 has 64-bit times. */
  readonly version?: 0 | 1;
}

/** An init segment with one track. */
export function initBytes({
  timescale = 30_000,
  editTicks,
  entry = AVC_ENTRY(640, 360),
  tracks = 1,
  version = 0,
}: InitOptions = {}): Buffer {
  const time = version === 1 ? u64 : u32;
  const mdhd = fullBox("mdhd", { version }, time(0), time(0), u32(timescale), time(0), u32(0));
  const elst = editTicks === undefined ? [] : [box("edts", fullBox("elst", { version }, u32(1), time(0), time(editTicks), u32(0x10000)))];
  const trak = box("trak", ...elst, box("mdia", mdhd, box("minf", box("stbl", fullBox("stsd", {}, u32(1), entry)))));
  const trex = fullBox("trex", {}, u32(1, 1, 1001, 0, 0x10000));
  return Buffer.concat([box("ftyp", "cmfc", u32(0)), box("moov", ...Array.from({ length: tracks }, () => trak), box("mvex", trex))]);
}

export const videoInit = (width = 640, height = 360): Buffer => initBytes({ entry: AVC_ENTRY(width, height) });
export const audioInit = (channels = 2, sampleRate = 48_000): Buffer =>
  initBytes({ entry: AAC_ENTRY(channels, sampleRate), timescale: sampleRate });

export interface SampleBytes {
  readonly size: number;
  readonly duration?: number;
  readonly composition?: number;
  readonly isSync?: boolean;
}

const SYNC = 0x2000000;
const NON_SYNC = 0x1010000;

export interface FragmentOptions {
  /** Further boxes of the track fragment. */
  readonly boxes?: readonly Buffer[];
  /** What the samples hold; zeros without it. */
  readonly media?: Buffer;
}

/** A moof and its mdat: every sample with its own duration, size, flags and composition time. */
export function fragmentBytes(decodeTicks: number, samples: readonly SampleBytes[], { boxes = [], media }: FragmentOptions = {}): Buffer {
  const build = (dataOffset: number): Buffer => {
    const fields = samples.map(({ size, duration = 1001, composition = 0, isSync = false }) =>
      u32(duration, size, isSync ? SYNC : NON_SYNC, composition),
    );
    const trun = fullBox("trun", { flags: 0xf01 }, u32(samples.length, dataOffset), ...fields);
    const traf = box(
      "traf",
      fullBox("tfhd", { flags: 0x20000 }, u32(1)),
      fullBox("tfdt", { version: 1 }, u64(decodeTicks)),
      trun,
      ...boxes,
    );
    return box("moof", fullBox("mfhd", {}, u32(1)), traf);
  };
  const moof = build(build(0).length + 8);
  return Buffer.concat([moof, box("mdat", media ?? Buffer.alloc(samples.reduce((total, { size }) => total + size, 0)))]);
}

/** Reads a buffer as a segment's file would be read. */
export const readerOf =
  (bytes: Buffer) =>
  async (offset: number, length: number): Promise<Buffer> =>
    bytes.subarray(offset, offset + length);

export interface TrackProtection {
  readonly scheme: "cbcs" | "cenc";
  readonly keyId: string;
  /** Hex; one IV for all samples instead of 8 bytes each. */
  readonly constantIv?: string;
  /** Blocks encrypted and blocks skipped. */
  readonly pattern?: readonly [crypt: number, skip: number];
}

/** The sample entry of a picture under Common Encryption (ISO/IEC 23001-7 8.1). */
export function protectedEntry({ scheme, keyId, constantIv, pattern = [0, 0] }: TrackProtection): Buffer {
  const iv = Buffer.from(constantIv ?? "", "hex");
  const own = constantIv === undefined ? [u8(8), Buffer.from(keyId, "hex")] : [u8(0), Buffer.from(keyId, "hex"), u8(iv.length), iv];
  const tenc = fullBox("tenc", { version: 1 }, u8(0, pattern[0] * 16 + pattern[1], 1), ...own);
  const sinf = box("sinf", box("frma", "avc1"), fullBox("schm", {}, scheme, u32(0x10000)), box("schi", tenc));
  const clear = AVC_ENTRY(640, 360);
  return box("encv", clear.subarray(8), sinf);
}
