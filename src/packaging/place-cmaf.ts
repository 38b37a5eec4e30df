import { INIT_NAME, segmentName } from "./compile.ts";

/** The objects of a rendition as somebody else named them. */
export interface ForeignRendition {
  readonly id: string;
  readonly init: string;
  readonly segments: readonly string[];
}

/** Where each object goes in our own layout: from our name inside the revision to the one it has. Pure. */
export function placeCmaf(renditions: readonly ForeignRendition[]): ReadonlyMap<string, string> {
  return new Map(
    renditions.flatMap(({ id, init, segments }) => [
      [`${id}/${INIT_NAME}`, init] as const,
      ...segments.map((name, index) => [`${id}/${segmentName(index + 1)}`, name] as const),
    ]),
  );
}
