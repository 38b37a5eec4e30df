import { z } from "zod";
import type { Measured, Presentation } from "../packaging/presentation.ts";

/** A fragment is a row of values under the keys of its rendition: two hours of film hold 25,000 of them. */
const rows = z.array(z.array(z.unknown()));
const segment = z.looseObject({ name: z.string(), sizeBytes: z.number(), startTicks: z.number(), endTicks: z.number(), fragments: rows });
const facts = z.looseObject({
  id: z.string(),
  codecs: z.string(),
  timescale: z.number(),
  fragmentKeys: z.array(z.string()),
  segments: z.array(segment).nonempty(),
});
const rendition = z.looseObject({ id: z.string() });
const measured = z.object({ rendition, facts });
const seconds = z.looseObject({ startSeconds: z.number() });
const timeline = z.looseObject({ durationSeconds: z.number(), sourceStartSeconds: z.number(), frameCount: z.number() });

const schema = z.object({
  ladderd: z.literal(1),
  presentation: z.looseObject({
    plan: z.looseObject({ ladder: z.string(), source: seconds, timeline }),
    video: z.array(measured),
    audio: z.array(measured),
    text: z.array(z.looseObject({ rendition })),
  }),
});

/** A presentation as text, for its revision: all that the manifests are written from. The cues are in the WebVTT files. */
export function presentationRecord(presentation: Presentation): string {
  const { video, audio, text, ...rest } = presentation;
  return JSON.stringify({
    ladderd: 1,
    presentation: {
      ...rest,
      video: video.map(packed),
      audio: audio.map(packed),
      text: text.map(({ cues: _cues, ...entry }) => entry),
    },
  });
}

/** Reads it again, its text renditions without cues; undefined for what is none of ours. */
export function parsePresentation(content: string): Presentation | undefined {
  const parsed = schema.safeParse(readJson(content));
  if (!parsed.success) return undefined;
  const { video, audio, text, ...rest } = parsed.data.presentation;
  const presentation = {
    ...rest,
    video: video.map(unpacked),
    audio: audio.map(unpacked),
    text: text.map((entry) => ({ ...entry, cues: [] })),
  };
  return isPresentation(presentation) ? presentation : undefined;
}

/** What the schema let through was written by `presentationRecord`; later versions only add to it. */
const isPresentation = (value: object): value is Presentation => "plan" in value && "video" in value;

type Packed = z.infer<typeof measured>;

function packed<T>({ rendition: named, facts: { segments, ...rest } }: Measured<T>) {
  const fragmentKeys = [...new Set(segments.flatMap(({ fragments }) => fragments.flatMap((fragment) => Object.keys(fragment))))];
  const rowOf = (fragment: object): unknown[] => {
    const values = new Map<string, unknown>(Object.entries(fragment));
    return fragmentKeys.map((key) => values.get(key) ?? null);
  };
  const packedSegments = segments.map(({ fragments, ...one }) => ({ ...one, fragments: fragments.map(rowOf) }));
  return { rendition: named, facts: { ...rest, fragmentKeys, segments: packedSegments } };
}

function unpacked({ rendition: named, facts: { fragmentKeys, segments, ...rest } }: Packed) {
  const fragmentOf = (row: readonly unknown[]) =>
    Object.fromEntries(fragmentKeys.map((key, at) => [key, row[at]]).filter(([, value]) => value !== null));
  const whole = segments.map(({ fragments, ...one }) => ({ ...one, fragments: fragments.map(fragmentOf) }));
  return { rendition: named, facts: { ...rest, segments: whole } };
}

function readJson(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}
