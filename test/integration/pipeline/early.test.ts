import { createHash } from "node:crypto";
import { cpSync } from "node:fs";
import { readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { laddersInForce } from "../../../src/config/ladders.ts";
import { ShutdownError } from "../../../src/domain/errors.ts";
import { attemptJob } from "../../../src/pipeline/attempt.ts";
import { createFileSource } from "../../../src/pipeline/file-source.ts";
import type { JobEvent } from "../../../src/pipeline/ports.ts";
import { parseAssetRecord } from "../../../src/publish/asset-record.ts";
import { createFolderStore } from "../../../src/publish/folder-store.ts";
import { unshared } from "../../../src/state/claims.ts";
import { openTools } from "../../../src/tools.ts";
import { FAST, ffmpeg, picture, tone } from "../../helpers/clips.ts";
import { settled } from "../../helpers/outcome.ts";
import { complaintsOf, readMultivariant } from "../../helpers/published.ts";
import type { TemporaryFolder } from "../../helpers/temporary-folder.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";
import { configIn } from "../../helpers/transcode.ts";

type Published = Extract<JobEvent, { kind: "published" }>;

const ASSET = "films/a";

interface Attempt {
  readonly signal?: AbortSignal;
  readonly onPublished?: (event: Published) => void;
}

/** One attempt at the folder's source with early publishing on, into the folder's "out"; resolves to its events. */
async function attempt(folder: TemporaryFolder, { signal = new AbortController().signal, onPublished }: Attempt = {}): Promise<JobEvent[]> {
  const config = configIn(folder, { LADDERD_EARLY_PUBLISH: "true", LADDERD_PER_TITLE: "false" });
  const events: JobEvent[] = [];
  const deps = {
    sources: createFileSource(),
    published: createFolderStore(folder.in("out"), `${ASSET}/`),
    ladders: laddersInForce(config),
    settings: config,
    tools: await openTools(config, signal),
    takeClaim: unshared,
    findKey: async () => Promise.reject(new Error("nothing is encrypted")),
    report: (event: JobEvent) => {
      events.push(event);
      if (event.kind === "published") onPublished?.(event);
    },
  };
  const job = { id: "job", source: { bucket: "local", key: folder.in("source.mp4") }, assetPath: ASSET };
  await attemptJob(job, deps, { signal, checkLease: () => signal.throwIfAborted(), messageId: "message" });
  return events;
}

async function aFilm(): Promise<TemporaryFolder> {
  const folder = await temporaryFolder();
  const film = [...picture({ seconds: 20, size: "852x480", rate: "6" }), ...tone({ seconds: 20 })];
  await ffmpeg(...film, ...FAST, folder.in("source.mp4"));
  return folder;
}

const publishedOf = (events: readonly JobEvent[]): readonly Published[] => events.filter((event) => event.kind === "published");
const encodesOf = (events: readonly JobEvent[]): number => events.filter(({ kind }) => kind === "engine-ended").length;

/** Every file below a folder with a hash of its bytes. */
async function hashesIn(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(folder, { recursive: true });
  const files = await Promise.all(names.map(async (name) => ((await stat(join(folder, name))).isFile() ? [name] : [])));
  const hash = async (name: string): Promise<string> =>
    createHash("sha256")
      .update(await readFile(join(folder, name)))
      .digest("hex");
  return new Map(await Promise.all(files.flat().map(async (name) => [name, await hash(name)] as const)));
}

const recordIn = async (folder: string) => parseAssetRecord(await readFile(join(folder, "asset.json"), "utf8"));

/** What plays at a published folder: the sizes of its variants, all of which decode to the end. */
async function sizesAt(folder: string): Promise<readonly string[]> {
  const { variants, audio } = await readMultivariant(join(folder, "index.m3u8"));
  for (const { path } of [...variants, ...audio]) await expect(complaintsOf(path)).resolves.toBe("");
  return variants.flatMap(({ attributes }) => /RESOLUTION=(\w+)/.exec(attributes)?.[1] ?? []).toSorted();
}

describe("a film that is published early", { timeout: 300_000 }, () => {
  test("plays in its smallest sizes first, and in all of them as the next revision, which reuses the media of the first", async () => {
    await using folder = await aFilm();
    const events = await attempt(folder, {
      onPublished: ({ set }) => {
        if (set === "early") cpSync(folder.in("out"), folder.in("then"), { recursive: true });
      },
    });
    const [early, full] = publishedOf(events);
    expect(publishedOf(events)).toMatchObject([
      { set: "early", isFirst: true, assetPath: ASSET },
      { set: "full", isFirst: false },
    ]);
    expect(encodesOf(events)).toBe(2);
    await expect(sizesAt(folder.in("then"))).resolves.toStrictEqual(["426x240", "640x360"]);
    await expect(recordIn(folder.in("then"))).resolves.toMatchObject({ complete: false, revision: early?.revision });
    await expect(sizesAt(folder.in("out"))).resolves.toStrictEqual(["426x240", "640x360", "852x480"]);
    const record = await recordIn(folder.in("out"));
    expect(record).not.toHaveProperty("complete");
    expect(record?.revision).toBe(full?.revision);

    const [then, now, next] = await Promise.all([
      hashesIn(folder.in("then", "r")),
      hashesIn(folder.in("out", "r")),
      hashesIn(folder.in("out", "r", full?.revision ?? "")),
    ]);
    for (const [name, hash] of then) expect([name, now.get(name)]).toStrictEqual([name, hash]);
    const media = [...then].filter(([name]) => /\.m4s$|init\.mp4$/.test(name));
    expect(media.length).toBeGreaterThan(12);
    for (const [name, hash] of media) expect([name, next.get(name.slice(name.indexOf("/") + 1))]).toStrictEqual([name, hash]);
  });

  test("goes on playing after an attempt that ended between the two, and the next attempt publishes all of it at once", async () => {
    await using folder = await aFilm();
    const cancel = new AbortController();
    const reason = new ShutdownError("the worker stops");
    const outcome = await settled(attempt(folder, { signal: cancel.signal, onPublished: () => cancel.abort(reason) }));
    expect(outcome).toStrictEqual({ error: reason });
    await expect(sizesAt(folder.in("out"))).resolves.toStrictEqual(["426x240", "640x360"]);
    const before = await hashesIn(folder.in("out", "r"));

    const events = await attempt(folder);
    expect(publishedOf(events)).toMatchObject([{ set: "full", isFirst: false }]);
    expect(encodesOf(events)).toBe(1);
    await expect(sizesAt(folder.in("out"))).resolves.toStrictEqual(["426x240", "640x360", "852x480"]);
    const after = await hashesIn(folder.in("out", "r"));
    for (const [name, hash] of before) expect([name, after.get(name)]).toStrictEqual([name, hash]);

    expect((await attempt(folder)).at(-1)).toMatchObject({ kind: "ended", outcome: "duplicate" });
  });
});
