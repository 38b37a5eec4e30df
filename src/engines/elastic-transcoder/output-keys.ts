import type { Job } from "../../domain/job.ts";
import { findPreset } from "./catalogue.ts";
import type { Preset } from "./preset.ts";

/** A stream that is published, by the name its files begin with. */
export interface KeyedStream {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

/**
 * From each key that players know to the stream behind it. A job that says the keys of its presets gives each of them the
 * stream nearest to what the preset makes of this picture; without that a stream's key is its own id. Pure; `streams` are not
 * empty.
 */
export function outputKeys(
  { outputKeys: named = [] }: Pick<Job, "outputKeys">,
  streams: readonly KeyedStream[],
  custom: readonly Preset[],
): Readonly<Record<string, string>> {
  const largest = streams.toSorted((a, b) => a.width - b.width).at(-1);
  const wanted = named.flatMap(({ preset, key }) => {
    const found = findPreset(preset, custom);
    const video = found.kind === "known" ? found.preset.video : undefined;
    const stream = video && largest && nearest(widthOf(video, largest), streams);
    return stream ? [[key, stream.id] as const] : [];
  });
  return Object.fromEntries(wanted.length > 0 ? wanted : streams.map(({ id }) => [id, id] as const));
}

/** The picture fitted into the preset's box, never enlarged; the largest one where the box is not known. */
function widthOf({ maxWidth, maxHeight }: NonNullable<Preset["video"]>, { width, height }: KeyedStream): number {
  return width * Math.min(1, (maxWidth ?? width) / width, (maxHeight ?? height) / height);
}

function nearest(width: number, streams: readonly KeyedStream[]): KeyedStream | undefined {
  const distance = (stream: KeyedStream): number => Math.abs(Math.log2(stream.width / width));
  return streams.toSorted((a, b) => distance(a) - distance(b))[0];
}
