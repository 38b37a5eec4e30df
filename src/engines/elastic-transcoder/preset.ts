import { z } from "zod";

/** What a preset makes, as far as it is known. */
export interface Preset {
  readonly id: string;
  readonly name: string;
  /** ts, fmp4, mp4…; undefined when it was not captured. */
  readonly container?: string | undefined;
  readonly video?: PresetVideo | undefined;
  readonly audio?: PresetAudio | undefined;
}

export interface PresetVideo {
  readonly codec: string;
  readonly profile?: string | undefined;
  readonly level?: string | undefined;
  readonly bitrateBps?: number | undefined;
  /** The picture is fitted into this box, and never enlarged. */
  readonly maxWidth?: number | undefined;
  readonly maxHeight?: number | undefined;
  /** "auto": the source's. */
  readonly frameRate?: string | undefined;
  readonly keyframeFrames?: number | undefined;
  readonly fixedGop?: boolean | undefined;
}

export interface PresetAudio {
  readonly codec: string;
  readonly bitrateBps?: number | undefined;
  /** Undefined: the source's. */
  readonly sampleRate?: number | undefined;
  readonly channels?: number | undefined;
}

/** The service writes every number as text, and some as "auto". */
const figure = z
  .string()
  .nullish()
  .transform((text) => (text !== null && text !== undefined && /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined));
const word = z
  .string()
  .nullish()
  .transform((text) => text ?? undefined);
const kilobits = figure.transform((rate) => (rate === undefined ? undefined : rate * 1000));

const video = z
  .object({
    Codec: z.string(),
    CodecOptions: z.record(z.string(), z.string()).nullish(),
    BitRate: kilobits,
    MaxWidth: figure,
    MaxHeight: figure,
    FrameRate: word,
    KeyframesMaxDist: figure,
    FixedGOP: word,
  })
  .transform((given): PresetVideo => ({
    codec: given.Codec,
    profile: given.CodecOptions?.["Profile"],
    level: given.CodecOptions?.["Level"],
    bitrateBps: given.BitRate,
    maxWidth: given.MaxWidth,
    maxHeight: given.MaxHeight,
    frameRate: given.FrameRate,
    keyframeFrames: given.KeyframesMaxDist,
    fixedGop: given.FixedGOP === undefined ? undefined : given.FixedGOP === "true",
  }));
const audio = z.object({ Codec: z.string(), BitRate: kilobits, SampleRate: figure, Channels: figure }).transform((given): PresetAudio => ({
  codec: given.Codec,
  bitrateBps: given.BitRate,
  sampleRate: given.SampleRate,
  channels: given.Channels,
}));

/** An id as the service makes them: milliseconds and six characters. */
export const PRESET_ID = /^\d{13}-[0-9a-z]{6}$/;

const preset = z
  .object({
    Id: z.string().regex(PRESET_ID, "is no preset's id"),
    Name: z.string().default("custom"),
    Container: z.string(),
    Video: video.nullish(),
    Audio: audio.nullish(),
  })
  .transform((given): Preset => ({
    id: given.Id,
    name: given.Name,
    container: given.Container,
    video: given.Video ?? undefined,
    audio: given.Audio ?? undefined,
  }));
const one = z.union([z.object({ Preset: preset }).transform((answer) => answer.Preset), preset]);
const file = z.union([
  z.object({ Presets: z.array(preset) }).transform((answer) => answer.Presets),
  z.array(one),
  one.transform((only) => [only]),
]);

/**
 * The presets of a file as the service's own tools wrote it while there was one: the answer of ReadPreset or of ListPresets,
 * or a list of either. Throws ZodError.
 */
export const parsePresets = (value: unknown): readonly Preset[] => file.parse(value);
