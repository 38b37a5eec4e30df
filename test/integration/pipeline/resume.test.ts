import { readFile, readdir } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { EngineError, ShutdownError } from "../../../src/domain/errors.ts";
import { attemptJob } from "../../../src/pipeline/attempt.ts";
import { createFileSource } from "../../../src/pipeline/file-source.ts";
import type { MemoryGate } from "../../../src/pipeline/memory-gate.ts";
import { createMemoryGate } from "../../../src/pipeline/memory-gate.ts";
import type { JobEvent, ObjectStore, SourceStore } from "../../../src/pipeline/ports.ts";
import { createFolderStore } from "../../../src/publish/folder-store.ts";
import { claimTaker } from "../../../src/state/claims.ts";
import { openTools } from "../../../src/tools.ts";
import { FAST, ffmpeg, patch, tone } from "../../helpers/clips.ts";
import { countedPicture, frameNumbers, similarity } from "../../helpers/counted-frames.ts";
import { aLadder } from "../../helpers/ladders.ts";
import type { MemoryStore } from "../../helpers/memory-store.ts";
import { memoryStore } from "../../helpers/memory-store.ts";
import { settled } from "../../helpers/outcome.ts";
import { complaintsOf, rangeOf, readMultivariant } from "../../helpers/published.ts";
import type { TemporaryFolder } from "../../helpers/temporary-folder.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";
import { configIn } from "../../helpers/transcode.ts";

const ASSET = "films/a";
const SSIM_TOLERANCE = 0.002;
const LEASE = { visibilitySeconds: 300, everySeconds: 60, marginSeconds: 60 };
/** Slow enough to be interrupted at a segment, on any machine. */
const PACED = {
  LADDERD_FFMPEG_THREADS: "1",
  LADDERD_PER_TITLE: "false",
  LADDERD_ENCODE_CHUNK_SEGMENTS: "1",
  LADDERD_ENCODE_PARALLEL_CHUNKS: "2",
};

interface Attempt {
  /** Ends the attempt when so many objects went up. */
  readonly after?: number;
  /** Ends it when this object of the revision went up. */
  readonly at?: string;
  readonly reason?: Error;
  readonly memory?: MemoryGate;
  readonly onEvent?: (event: JobEvent) => void;
}

interface Attempted {
  readonly error: unknown;
  readonly events: readonly JobEvent[];
  /** Names of the media that went up from here, without their revision. */
  readonly sent: readonly string[];
  readonly copied: readonly string[];
  /** How often the source was fetched. */
  readonly fetched: number;
}

/** One attempt at the folder's source into its "out", under the claim that the state keeps. */
async function attempt(
  folder: TemporaryFolder,
  state: MemoryStore,
  { after = Infinity, at, reason, memory, onEvent }: Attempt = {},
): Promise<Attempted> {
  const config = configIn(folder, PACED);
  const cancel = new AbortController();
  const { signal } = cancel;
  const events: JobEvent[] = [];
  const [sent, copied]: string[][] = [[], []];
  const store = createFolderStore(folder.in("out"), `${ASSET}/`);
  const nameOf = (key: string): string => key.split("/").slice(4).join("/");
  const published: ObjectStore = {
    ...store,
    uploadFile: async (object) => {
      await store.uploadFile(object);
      sent?.push(nameOf(object.key));
      if (sent?.length === after || sent?.at(-1) === at) cancel.abort(reason);
    },
    copy: async (from, to) => {
      await store.copy(from, to);
      copied?.push(nameOf(to));
    },
  };
  const sources = createFileSource();
  let fetched = 0;
  const counting: SourceStore = {
    ...sources,
    download: async (...request) => {
      fetched += 1;
      await sources.download(...request);
    },
  };
  const deps = {
    sources: counting,
    published,
    ladders: new Map([[config.ladder, aLadder({ name: config.ladder, gopsPerSegment: 1 })]]),
    settings: config,
    tools: await openTools(config, signal),
    takeClaim: claimTaker({ store: state, lease: LEASE }),
    findKey: async () => Promise.reject(new Error("nothing is encrypted")),
    report: (event: JobEvent) => {
      events.push(event);
      onEvent?.(event);
    },
    ...(memory ? { memory } : {}),
  };
  const job = { id: "job", source: { bucket: "local", key: folder.in("source.mp4") }, assetPath: ASSET };
  const outcome = await settled(attemptJob(job, deps, { signal, checkLease: () => signal.throwIfAborted(), messageId: "message" }));
  return { error: "error" in outcome ? outcome.error : undefined, events, sent: sent ?? [], copied: copied ?? [], fetched };
}

async function aFilm(): Promise<TemporaryFolder> {
  const folder = await temporaryFolder();
  const picture = countedPicture({ rate: "24", seconds: 13, filters: "scale=540:360:flags=neighbor" });
  await ffmpeg(...picture, ...tone({ seconds: 13 }), ...FAST, "-crf", "30", "-bf", "2", "-g", "250", folder.in("source.mp4"));
  return folder;
}

const revisionsIn = (folder: TemporaryFolder): Promise<string[]> => readdir(folder.in("out", "r")).catch(() => []);
const shutdown = new ShutdownError("the worker stops");

/** What a player finds: the lengths of the segments, and where the largest picture and the sound lie. */
async function publishedIn(folder: TemporaryFolder) {
  const { variants, audio } = await readMultivariant(folder.in("out", "index.m3u8"));
  const [video = "", sound = ""] = [variants[0]?.path, audio[0]?.path];
  return { video, sound, lengths: (await readFile(video, "utf8")).match(/#EXTINF:[\d.]+/g) ?? [] };
}

describe("an attempt after one that was interrupted", () => {
  test("builds on its segments, and publishes what an undisturbed one does, frame by frame", async () => {
    await using whole = await aFilm();
    await using resumed = await aFilm();
    await attempt(whole, memoryStore());
    const state = memoryStore();
    const first = await attempt(resumed, state, { after: 8, reason: shutdown });
    expect(first.error).toBe(shutdown);
    const [left] = await revisionsIn(resumed);
    expect(left).toBeDefined();
    expect(first.fetched).toBe(1);
    await expect(readdir(resumed.in("work"))).resolves.toStrictEqual([expect.stringMatching(/^kept-[0-9a-f]{32}$/)]);

    const second = await attempt(resumed, state);
    expect(second.error).toBeUndefined();
    expect(second.fetched).toBe(0);
    expect(second.copied.length).toBeGreaterThanOrEqual(2);
    expect(second.sent.filter((name) => second.copied.includes(name))).toStrictEqual([]);
    await expect(revisionsIn(resumed)).resolves.toHaveLength(1);
    await expect(revisionsIn(resumed)).resolves.not.toContain(left);

    const [one, two] = [await publishedIn(whole), await publishedIn(resumed)];
    expect(two.lengths).toStrictEqual(one.lengths);
    const numbers = await frameNumbers(one.video);
    expect(numbers).toHaveLength(312);
    expect(await frameNumbers(two.video)).toStrictEqual(numbers);
    expect(await rangeOf(two.video, "v")).toStrictEqual(await rangeOf(one.video, "v"));
    expect(await rangeOf(two.sound, "a")).toStrictEqual(await rangeOf(one.sound, "a"));
    await expect(complaintsOf(two.video)).resolves.toBe("");
    const source = resumed.in("source.mp4");
    expect(Math.abs((await similarity(two.video, source)) - (await similarity(one.video, source)))).toBeLessThanOrEqual(SSIM_TOLERANCE);
    await expect(readdir(resumed.in("work"))).resolves.toStrictEqual([]);
  });

  test("hands on what it took over when it is interrupted itself, and is charged for no segment twice", async () => {
    await using folder = await aFilm();
    const state = memoryStore();
    await attempt(folder, state, { after: 6, reason: shutdown });
    const second = await attempt(folder, state, { after: 4, reason: shutdown });
    expect(second.error).toBe(shutdown);
    // The one before it may still be shown by a write that S3 makes late: gc takes it.
    await expect(revisionsIn(folder)).resolves.toHaveLength(2);
    const third = await attempt(folder, state, { after: 1, reason: new EngineError("engine_failed", "the encoder broke") });
    expect(third.copied).toStrictEqual(expect.arrayContaining([...second.copied]));
    // A failure says that what was made may be bad: its own revision is gone, and what lay there before is gc's.
    await expect(revisionsIn(folder)).resolves.toHaveLength(2);
    await expect(readdir(folder.in("work"))).resolves.toStrictEqual([]);
  });

  test("has its source when that one was all but published", async () => {
    await using folder = await aFilm();
    const state = memoryStore();
    const first = await attempt(folder, state, { at: "asset.json", reason: shutdown });
    expect(first.error).toBe(shutdown);
    const second = await attempt(folder, state);
    expect(second).toMatchObject({ error: undefined, fetched: 0 });
    await expect(readdir(folder.in("work"))).resolves.toStrictEqual([]);
  });

  test("publishes as degraded what was damaged in the part that it did not decode again", async () => {
    await using folder = await aFilm();
    await patch(folder.in("source.mp4"), (bytes) => {
      const media = bytes.indexOf("mdat");
      bytes.fill(0x5a, media + 30_000, media + 32_000);
    });
    const state = memoryStore();
    const first = await attempt(folder, state, { after: 6, reason: shutdown });
    expect(first.error).toBe(shutdown);
    const second = await attempt(folder, state);
    expect(second.error).toBeUndefined();
    expect(second.copied.length).toBeGreaterThan(0);
    const { degraded } = z
      .object({ degraded: z.array(z.string()) })
      .parse(JSON.parse(await readFile(folder.in("out", "asset.json"), "utf8")));
    expect(degraded).toStrictEqual(["decode_errors"]);
  });
});

test("R-L11: an encode for which the machine has no memory begins when the one before it has ended", async () => {
  await using one = await aFilm();
  await using two = await aFilm();
  const memory = createMemoryGate(1);
  const seen: string[] = [];
  const told = (name: string) => (event: JobEvent) => {
    if (event.kind === "waiting" || (event.kind === "engine-ended" && event.exit === "ok")) seen.push(`${name} ${event.kind}`);
  };
  const outcomes = await Promise.all([
    attempt(one, memoryStore(), { memory, onEvent: told("one") }),
    attempt(two, memoryStore(), { memory, onEvent: told("two") }),
  ]);
  expect(outcomes.map(({ error }) => error)).toEqual([undefined, undefined]);
  const [waited = "", ...ended] = seen;
  expect(waited).toMatch(/^(?:one|two) waiting$/);
  // Each ends with a picture's and a sound's ffmpeg at least, and all of the first before any of the one that waited.
  const names = ended.map((text) => text.slice(0, 3));
  expect(names.lastIndexOf(waited.startsWith("one") ? "two" : "one")).toBeLessThan(names.indexOf(waited.slice(0, 3)));
});
