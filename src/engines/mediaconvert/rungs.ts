import type { EncodePlan, VideoRendition } from "../../domain/encode-plan.ts";
import { OutputError } from "../../domain/errors.ts";
import { withOrdinal } from "../../domain/track-names.ts";
import { nameOfUri } from "../../packaging/own-uri.ts";
import type { Variant } from "../../packaging/read-multivariant.ts";
import { readMultivariant } from "../../packaging/read-multivariant.ts";
import type { NamedPlaylist } from "./outputs.ts";
import { MULTIVARIANT, playlistName } from "./outputs.ts";

/** What a job has made: the plan with the pictures that there are, and the playlist of each of its renditions. */
export interface MadePlan {
  readonly plan: EncodePlan;
  readonly playlists: readonly NamedPlaylist[];
}

/**
 * What came of a plan. With automated ABR the pictures are the service's own choice: their number and sizes are nowhere but
 * in its multivariant playlist, whose text this is; with outputs of ours they are the plan's. Pure. Throws OutputError
 * output_incomplete for a playlist that names no picture at all.
 */
export function madePlan(plan: EncodePlan, multivariant: string | undefined): MadePlan {
  const sound = plan.audio.map(named);
  const made = { plan, playlists: [...plan.video.map(named), ...sound] };
  if (plan.video.length === 0) return made;
  const pictures = picturesIn(multivariant);
  const own = new Set(made.playlists.map(({ playlist }) => playlist));
  // One of ours that is missing is missing: only a playlist that knows none of them is of rungs that nobody asked for.
  if (pictures.some(({ playlist }) => own.has(playlist))) return made;
  const [model] = plan.video.toReversed();
  const chosen = pictures.map((picture, index) => ({ ...picture, id: idOf(pictures, index) }));
  const video = chosen.flatMap(({ id, width, height, peakBps }): VideoRendition[] =>
    model ? [{ ...model, id, width, height, capBps: peakBps, bufferBits: 2 * peakBps }] : [],
  );
  return { plan: { ...plan, video, dropped: [] }, playlists: [...chosen, ...sound] };
}

const named = ({ id }: { readonly id: string }): NamedPlaylist => ({ id, playlist: playlistName(id) });

interface Picture {
  readonly playlist: string;
  readonly width: number;
  readonly height: number;
  readonly peakBps: number;
}

/** Each once, however many audio groups it stands beside; ascending by size. */
function picturesIn(text: string | undefined): readonly Picture[] {
  const variants = text === undefined ? undefined : readMultivariant(text)?.variants;
  const pictures = new Map((variants ?? []).flatMap(pictureOf).map((picture) => [picture.playlist, picture]));
  if (pictures.size === 0) throw new OutputError("output_incomplete", `mediaconvert: ${MULTIVARIANT} names no picture`);
  return [...pictures.values()].toSorted((a, b) => a.width * a.height - b.width * b.height || a.peakBps - b.peakBps);
}

function pictureOf({ uri, attributes }: Variant): Picture[] {
  const [, width, height] = /^(\d+)x(\d+)$/.exec(attributes.get("RESOLUTION") ?? "") ?? [];
  const playlist = nameOfUri(uri, MULTIVARIANT);
  const peakBps = Number(attributes.get("BANDWIDTH"));
  if (width === undefined || height === undefined || playlist === undefined || !(peakBps > 0)) return [];
  return [{ playlist, width: Number(width), height: Number(height), peakBps }];
}

/** v<shortSide>, as for rungs of a ladder; two of one size are told apart. */
function idOf(pictures: readonly Picture[], index: number): string {
  const sides = pictures.slice(0, index + 1).map(({ width, height }) => Math.min(width, height));
  const side = sides[index] ?? 0;
  return withOrdinal(`v${side}`, sides.filter((other) => other === side).length);
}
