import { POISON } from "./stand-ins/encode-stage.ts";
import type { Random } from "./random.ts";

/** Something that somebody uploads, and the messages that tell of it. */
export interface PlannedUpload {
  readonly atMs: number;
  readonly key: string;
  readonly etag: string;
  readonly content: string;
  /** When each message that tells of it comes, after the upload. */
  readonly messagesAfterMs: readonly number[];
}

export interface Scenario {
  readonly name: string;
  readonly workers: number;
  /** Whether events name the version of the object. */
  readonly isVersioned: boolean;
  readonly uploads: readonly PlannedUpload[];
}

export const ASSET_PATH = "films/a";

const KINDS = ["one upload", "two uploads of a key", "a, b and a again", "two keys of one path", "poison", "subtitles"] as const;

/** What happens in the run of a seed. */
export function planScenario(random: Random): Scenario {
  const name = random.pick(KINDS);
  const messages = (): number[] =>
    Array.from({ length: random.pick([1, 1, 1, 2, 3]) }, () =>
      random.chance(0.7) ? random.between(5, 3000) : random.between(3000, 120_000),
    );
  const upload = (key: string, contents: string): PlannedUpload => {
    const span = random.chance(0.6) ? 20_000 : 200_000;
    return { atMs: random.between(0, span), key, etag: `etag-${contents}`, content: contents, messagesAfterMs: messages() };
  };
  const uploads: Readonly<Record<(typeof KINDS)[number], () => readonly PlannedUpload[]>> = {
    "one upload": () => [upload("films/a.mp4", "a")],
    "two uploads of a key": () => [upload("films/a.mp4", "a"), upload("films/a.mp4", "b")],
    "a, b and a again": () => [upload("films/a.mp4", "a"), upload("films/a.mp4", "b"), upload("films/a.mp4", "a")],
    "two keys of one path": () => [upload("films/a.mp4", "a"), upload("films/a.mov", "b")],
    poison: () => [upload("films/a.mp4", POISON)],
    subtitles: () => [upload("films/a.mp4", "a"), upload("films/a.en.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\nText\n")],
  };
  const planned = uploads[name]();
  // Uploads of one key come in their order, whatever their messages do.
  const times = planned.map(({ atMs }) => atMs).toSorted((one, other) => one - other);
  return {
    name,
    workers: random.pick([1, 2, 2, 3]),
    isVersioned: random.chance(0.4),
    uploads: planned.map((one, at) => ({ ...one, atMs: times[at] ?? one.atMs })),
  };
}
