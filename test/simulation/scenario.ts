import type { Random } from "./random.ts";
import { LONG, POISON } from "./stand-ins/contents.ts";

/** Something that somebody uploads, and the messages that tell of it. */
export interface PlannedUpload {
  readonly atMs: number;
  readonly key: string;
  readonly etag: string;
  readonly content: string;
  /** When each message that tells of it comes, after the upload. */
  readonly messagesAfterMs: readonly number[];
}

/** Something that somebody asks for by a message of ours. */
export interface PlannedJob {
  readonly atMs: number;
  /** The upload it is for, by its position; all of them are there by then. */
  readonly upload: number;
  /** Names that upload's version, whatever its key holds by then. */
  readonly pins?: true;
  readonly assetPath?: string;
  readonly ladder?: LadderName;
}

export interface Scenario {
  readonly name: string;
  readonly workers: number;
  /** Whether events name the version of the object. */
  readonly isVersioned: boolean;
  readonly uploads: readonly PlannedUpload[];
  readonly jobs: readonly PlannedJob[];
  /** When garbage is collected; at the end as well, if at all. */
  readonly sweepsAtMs: readonly number[];
  /** When somebody wants the former revision back. */
  readonly rollbacksAtMs: readonly number[];
  /** Where something is published. */
  readonly assetPaths: readonly string[];
  /** Whether somebody asked for more than what lies at a key: then the latest wish for a path is the one to fulfil. */
  readonly hasWishes: boolean;
}

export const ASSET_PATH = "films/a";
const OTHER_PATH = "films/other";
const LADDER_NAMES = ["test", "small"] as const;
export type LadderName = (typeof LADDER_NAMES)[number];
/** Of the messages that name none. */
export const DEFAULT_LADDER: LadderName = "test";

type Play = Pick<Scenario, "uploads"> & Partial<Pick<Scenario, "jobs" | "assetPaths" | "rollbacksAtMs">>;

const KINDS: Readonly<Record<string, (random: Random) => Play>> = {
  "one upload": (random) => ({ uploads: [upload(random, "films/a.mp4", "a")] }),
  "two uploads of a key": (random) => ({ uploads: inTurn([upload(random, "films/a.mp4", "a"), upload(random, "films/a.mp4", "b")]) }),
  "a, b and a again": (random) => ({ uploads: inTurn(["a", "b", "a"].map((content) => upload(random, "films/a.mp4", content))) }),
  "two keys of one path": (random) => ({ uploads: inTurn([upload(random, "films/a.mp4", "a"), upload(random, "films/a.mov", "b")]) }),
  poison: (random) => ({ uploads: [upload(random, "films/a.mp4", POISON)] }),
  subtitles: (random) => ({
    uploads: inTurn([upload(random, "films/a.mp4", "a"), upload(random, "films/a.en.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\nText\n")]),
  }),
  "an early part": (random) => ({
    uploads: inTurn([
      upload(random, "films/a.mp4", LONG),
      ...(random.chance(0.3) ? [upload(random, "films/a.mp4", random.pick(["b", `${LONG} b`]))] : []),
    ]),
  }),
  "a rollback": (random) => ({
    uploads: inTurn(
      ["a", random.pick(["b", LONG]), ...(random.chance(0.3) ? ["c"] : [])].map((content) => upload(random, "films/a.mp4", content)),
    ),
    // A person looks at what came of one before the next.
    rollbacksAtMs: [random.between(20_000, 150_000), ...(random.chance(0.3) ? [random.between(250_000, 400_000)] : [])],
  }),
  "two ladders": (random) =>
    wishing(random, [upload(random, "films/a.mp4", random.pick(["a", "a", LONG]))], (): Wish => {
      return { upload: 0, ladder: random.pick(LADDER_NAMES) };
    }),
  "another path": (random) => ({
    ...wishing(random, [upload(random, "films/a.mp4", "a")], () => ({ upload: 0, assetPath: OTHER_PATH })),
    assetPaths: [OTHER_PATH],
  }),
  "a path for several": (random) => {
    const silent = inTurn(["films/x.mp4", "films/y.mov"].map((key) => ({ ...upload(random, key, key), messagesAfterMs: [] })));
    return wishing(random, silent, () => ({ upload: random.below(silent.length), assetPath: ASSET_PATH }));
  },
  "a version": (random) => {
    const uploads = inTurn([upload(random, "films/a.mp4", "a"), upload(random, "films/a.mp4", "b")]);
    return wishing(random, uploads, (): Wish => ({ upload: random.below(2), pins: true }));
  },
};

/** What happens in the run of a seed. */
export function planScenario(random: Random): Scenario {
  const name = random.pick(Object.keys(KINDS));
  const play = KINDS[name]?.(random);
  if (!play) throw new Error("there are no kinds of scenarios");
  const { uploads, jobs = [], assetPaths = [], rollbacksAtMs = [] } = play;
  return {
    name,
    workers: random.pick([1, 2, 2, 3]),
    isVersioned: random.chance(0.4),
    uploads,
    jobs,
    rollbacksAtMs,
    sweepsAtMs: random.chance(0.2) ? [random.between(60_000, 400_000), random.between(300_000, 900_000)] : [],
    assetPaths: [ASSET_PATH, ...assetPaths],
    hasWishes: jobs.length > 0,
  };
}

function upload(random: Random, key: string, content: string): PlannedUpload {
  const span = random.chance(0.6) ? 20_000 : 200_000;
  const messagesAfterMs = Array.from({ length: random.pick([1, 1, 1, 2, 3]) }, () => soonOrLate(random, 3000));
  return { atMs: random.between(0, span), key, etag: `etag-${content}`, content, messagesAfterMs };
}

const soonOrLate = (random: Random, soonMs: number): number =>
  random.chance(0.7) ? random.between(5, soonMs) : random.between(soonMs, 120_000);

/** Uploads of one key come in their order, whatever their messages do. */
function inTurn(uploads: readonly PlannedUpload[]): PlannedUpload[] {
  const times = uploads.map(({ atMs }) => atMs).toSorted((one, other) => one - other);
  return uploads.map((one, at) => ({ ...one, atMs: times[at] ?? one.atMs }));
}

type Wish = Omit<PlannedJob, "atMs">;

function wishing(random: Random, uploads: readonly PlannedUpload[], wish: () => Wish): Play {
  const lastMs = Math.max(...uploads.map(({ atMs }) => atMs));
  const jobs = Array.from({ length: random.pick([1, 2, 2, 3]) }, () => ({ ...wish(), atMs: lastMs + soonOrLate(random, 30_000) }));
  return { uploads, jobs };
}
