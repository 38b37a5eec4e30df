import { z } from "zod";
import type { RenditionFacts } from "../packaging/facts.ts";
import type { Measured, Presentation } from "../packaging/presentation.ts";

/** Objects of one shape as their keys and a row of values each: two hours of film hold 25,000 fragments. */
const table = z.object({ keys: z.array(z.string()), rows: z.array(z.array(z.unknown())) });
const segment = z.looseObject({ name: z.string(), sizeBytes: z.number(), startTicks: z.number(), endTicks: z.number(), fragments: table });
const facts = z.looseObject({ id: z.string(), codecs: z.string(), timescale: z.number(), segments: z.array(segment).nonempty() });
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
  const parsed = schema.safeParse(JSON.parse(content));
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

const packed = <T>({ rendition: named, facts: { segments, ...rest } }: Measured<T>) => ({
  rendition: named,
  facts: { ...rest, segments: segments.map(({ fragments, ...one }) => ({ ...one, fragments: tableOf(fragments) })) },
});

const unpacked = ({ rendition: named, facts: { segments, ...rest } }: Packed) => ({
  rendition: named,
  facts: { ...rest, segments: segments.map(({ fragments, ...one }) => ({ ...one, fragments: objectsOf(fragments) })) },
});

type Fragment = RenditionFacts["segments"][number]["fragments"][number];

function tableOf(fragments: readonly Fragment[]) {
  const keys = [...new Set(fragments.flatMap((fragment) => Object.keys(fragment)))];
  const rows = fragments.map((fragment) => {
    const values = new Map<string, unknown>(Object.entries(fragment));
    return keys.map((key) => values.get(key) ?? null);
  });
  return { keys, rows };
}

const objectsOf = ({ keys, rows }: z.infer<typeof table>) =>
  rows.map((row) => Object.fromEntries(keys.flatMap((key, at) => (row[at] === null || row[at] === undefined ? [] : [[key, row[at]]]))));
