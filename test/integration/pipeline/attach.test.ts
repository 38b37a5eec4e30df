import { readFile, readdir, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runAttach } from "../../../src/pipeline/run-attach.ts";
import { createFileSource } from "../../../src/pipeline/file-source.ts";
import type { ObjectStore } from "../../../src/pipeline/ports.ts";
import type { JobResult } from "../../../src/pipeline/run-job.ts";
import { parseAssetRecord } from "../../../src/publish/asset-record.ts";
import type { AssetRecord } from "../../../src/publish/asset-record.ts";
import { createFolderStore } from "../../../src/publish/folder-store.ts";
import { FAST, ffmpeg, picture, tone } from "../../helpers/clips.ts";
import { complaintsOf, filesOfManifest, filesOfPlaylist } from "../../helpers/published.ts";
import type { TemporaryFolder } from "../../helpers/temporary-folder.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";
import type { TranscodeOptions } from "../../helpers/transcode.ts";
import { configIn, leftIn, transcodeIn } from "../../helpers/transcode.ts";

const SECONDS = 7;
const srt = (line: string, at = "00:00:01"): string => `1\n${at},000 --> ${at},900\n${line}\n`;
const { signal } = new AbortController();

let folder: TemporaryFolder;
let store: ObjectStore;

beforeAll(async () => {
  folder = await temporaryFolder();
  await ffmpeg(...picture({ size: "320x180", seconds: SECONDS }), ...tone({ seconds: SECONDS }), ...FAST, folder.in("film.mp4"));
  await writeFile(folder.in("film.en.vtt"), `WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n`);
  await transcodeIn(folder, folder.in("film.mp4"));
  store = createFolderStore(folder.in("out"), "film/");
}, 120_000);
afterAll(() => folder[Symbol.asyncDispose]());

interface Wish {
  readonly language?: string;
  readonly name?: string;
  readonly forced?: boolean;
  readonly assetPath?: string;
}

/** Attaches a file of this text. */
async function attach(text: string, { language = "sv", forced = false, assetPath = "film", ...wish }: Wish = {}): Promise<JobResult> {
  const path = folder.in(`upload-${Math.random()}.srt`);
  await writeFile(path, text);
  const job = { id: "1", subtitles: { bucket: "local", key: path }, as: { assetPath, language, forced, ...wish } };
  const deps = { sources: createFileSource(), published: store, settings: { ...configIn(folder), publishPrefix: "" } };
  return runAttach(job, { deps, context: { signal, checkLease: () => undefined }, stage: (_stage, work) => work() });
}

async function asset(): Promise<AssetRecord> {
  const record = parseAssetRecord(await readFile(folder.in("out", "asset.json"), "utf8"));
  if (!record) throw new TypeError("no record");
  return record;
}

/** Every file of a revision by its name, as text that tells bytes apart. */
async function filesOf(revision: string): Promise<ReadonlyMap<string, string>> {
  const root = folder.in("out", "r", revision);
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => `${entry.parentPath}/${entry.name}`);
  return new Map(await Promise.all(paths.map(async (path) => [path.slice(root.length + 1), await readFile(path, "latin1")] as const)));
}

const revisions = (): Promise<readonly string[]> => readdir(folder.in("out", "r"));

describe("runAttach", () => {
  test("publishes a new revision with the text and the same media, and leaves the old one as it was", async () => {
    const before = await asset();
    const old = await filesOf(before.revision);
    await expect(attach(srt("Hej"))).resolves.toEqual({ outcome: "published", assetPath: "film" });

    const after = await asset();
    expect(after.revision).not.toBe(before.revision);
    expect(await filesOf(before.revision)).toEqual(old);
    const rewritten = ["asset.json", "pointer.m3u8", "pointer.mpd", "presentation.json"];
    const files = await filesOf(after.revision);
    expect(
      [...old]
        .filter(([name, bytes]) => files.get(name) !== bytes)
        .map(([name]) => name)
        .toSorted(),
    ).toEqual(rewritten);
    const added = [...files.keys()].filter((name) => !old.has(name)).toSorted();
    expect(added).toEqual(["t-sv/00001.vtt", "t-sv/00002.vtt", "t-sv/index.m3u8", "t-sv/text.vtt"]);

    const hash = expect.stringMatching(/^[0-9a-f]{32}$/);
    const { revision: _old, text: _text, poster: _poster, storyboard: _board, publishedAt: _at, ...kept } = before;
    expect(after).toMatchObject(kept);
    expect(after.text).toEqual([
      { id: "t-en", language: "en", name: "English", forced: false, sourceHash: hash },
      { id: "t-sv", language: "sv", name: "svenska", forced: false, sourceHash: hash },
    ]);
    expect(after).toMatchObject({ poster: `r/${after.revision}/poster.jpg`, storyboard: `r/${after.revision}/storyboard.vtt` });
  });

  test("leaves manifests that name nothing but the new revision, all of it there and playable", async () => {
    const { revision } = await asset();
    const pointers = [folder.in("out", "index.m3u8"), folder.in("out", "index.mpd")] as const;
    const named = [...(await filesOfPlaylist(pointers[0])), ...(await filesOfManifest(pointers[1]))];
    for (const file of named) expect((await readFile(file)).length).toBeGreaterThan(0);
    const inside = named.filter((file) => !pointers.some((pointer) => pointer === file));
    expect(inside.filter((file) => !file.includes(`/r/${revision}/`))).toEqual([]);
    expect(inside.some((file) => file.endsWith("t-sv/00002.vtt"))).toBe(true);
    expect(await readFile(pointers[1], "utf8")).toContain('lang="sv"');
    await expect(complaintsOf(pointers[0])).resolves.toBe("");
  });

  test("does nothing for the file that is there, whatever name it had to have", async () => {
    const before = [await asset(), await revisions()];
    await expect(attach(srt("Hej"))).resolves.toMatchObject({ outcome: "duplicate" });
    await expect(attach(srt("Hej"), { name: "svenska" })).resolves.toMatchObject({ outcome: "duplicate" });
    expect([await asset(), await revisions()]).toEqual(before);
  });

  test("puts a corrected file in the place of the same language and kind, and keeps its name", async () => {
    await attach(srt("Rubrik"), { forced: true, name: "Skyltar <b>" });
    await attach(srt("Hej då"));
    await attach(srt("Rättad"), { forced: true });
    const { text = [], revision } = await asset();
    expect(text.map(({ id, name, forced }) => ({ id, name, forced }))).toEqual([
      { id: "t-en", name: "English", forced: false },
      { id: "t-sv", name: "svenska", forced: false },
      { id: "t-sv-2", name: "Skyltar b", forced: true },
    ]);
    const files = await filesOf(revision);
    expect(Buffer.from(files.get("t-sv/text.vtt") ?? "", "latin1").toString()).toContain("Hej då");
    expect(Buffer.from(files.get("t-sv-2/text.vtt") ?? "", "latin1").toString()).toContain("Rättad");
  });

  test("brings both of two that come at once", async () => {
    const outcomes = await Promise.all([attach(srt("Hallo"), { language: "de" }), attach(srt("Bonjour"), { language: "fr" })]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["published", "published"]);
    const { text = [], revision } = await asset();
    expect(text.map(({ id }) => id).toSorted()).toEqual(["t-de", "t-en", "t-fr", "t-sv", "t-sv-2"]);
    const files = await filesOf(revision);
    expect(["t-de/text.vtt", "t-fr/text.vtt"].filter((name) => !files.has(name))).toEqual([]);
    const hls = await readFile(folder.in("out", "index.m3u8"), "utf8");
    const named = [...hls.matchAll(/(?:^|")r\/([^/]+)\//gm)].map(([, name]) => name);
    expect(new Set(named)).toEqual(new Set([revision]));
  });

  test.each([
    { what: "a file without a cue", text: "no cue", code: "source_not_media" },
    { what: "an empty file", text: "", code: "source_empty" },
    { what: "cues after the end", text: srt("late", "00:01:00"), code: "source_not_media" },
    { what: "an asset that is not there", text: srt("x"), assetPath: "other", code: "source_not_found" },
  ])("refuses $what and leaves nothing behind", async ({ text, assetPath = "film", code }) => {
    const before = [await asset(), await revisions()];
    await expect(attach(text, { assetPath })).rejects.toMatchObject({ code });
    expect([await asset(), await revisions()]).toEqual(before);
    expect((await leftIn(folder)).work).toEqual([]);
  });

  test("says what to do with an asset of a version that kept no presentation", async () => {
    const { revision } = await asset();
    const bare = { ...store, readText: async (key: string) => (key.endsWith("presentation.json") ? undefined : store.readText(key)) };
    const before = await revisions();
    const job = {
      id: "1",
      subtitles: { bucket: "local", key: folder.in("film.en.vtt") },
      as: { assetPath: "film", language: "it", forced: false },
    };
    const deps = { sources: createFileSource(), published: bare, settings: { ...configIn(folder), publishPrefix: "" } };
    const attempt = runAttach(job, { deps, context: { signal, checkLease: () => undefined }, stage: (_stage, work) => work() });
    await expect(attempt).rejects.toMatchObject({
      code: "destination_conflict",
      message: expect.stringContaining("publish its source again"),
    });
    expect([(await asset()).revision, await revisions()]).toEqual([revision, before]);
  });
});

describe("transcodeFile", () => {
  test("keeps what was attached when the same source is published once more", { timeout: 120_000 }, async () => {
    const before = await asset();
    await writeFile(folder.in("film.de.srt"), srt("beside the film now"));
    await transcodeIn(folder, folder.in("film.mp4"), { env: { LADDERD_LADDER: "h264" } });
    const after = await asset();
    expect(after.ladder).not.toBe(before.ladder);
    const named = ({ text = [] }: AssetRecord) => text.map(({ language, name, forced }) => ({ language, name, forced }));
    const byLanguage = (record: AssetRecord) => named(record).toSorted((a, b) => a.name.localeCompare(b.name));
    expect(byLanguage(after)).toEqual(byLanguage(before));
    const files = await filesOf(after.revision);
    const linesOf = (language: string): readonly string[] =>
      (after.text ?? []).filter((entry) => entry.language === language).map(({ id }) => files.get(`${id}/text.vtt`) ?? "");
    expect(linesOf("de").join()).toContain("beside the film now");
    expect(linesOf("fr").join()).toContain("00:00:01.000 --> 00:00:01.900\nBonjour");
  });

  test("takes nothing away that was attached while it published: the next attempt takes it along", { timeout: 120_000 }, async () => {
    const ladder = (await asset()).ladder === "h264" ? "h264-fast" : "h264";
    const again = (onEvent: TranscodeOptions["onEvent"] = () => undefined) =>
      transcodeIn(folder, folder.in("film.mp4"), { env: { LADDERD_LADDER: ladder }, onEvent });
    let attached: Promise<JobResult> | undefined;
    const transcoded = again((event) => {
      // The text was gathered just before.
      if (event.kind === "stage-started" && event.stage === "pictures") attached = attach(srt("God dag"), { language: "nb" });
    });
    await expect(transcoded).rejects.toMatchObject({ code: "job_claimed", message: expect.stringContaining("attached to film") });
    await expect(attached).resolves.toMatchObject({ outcome: "published" });
    expect((await asset()).text?.map(({ language }) => language)).toContain("nb");
    await again();
    const { text, ...after } = await asset();
    expect(after.ladder).toBe(ladder);
    expect(text?.map(({ language }) => language)).toContain("nb");
  });

  test("attaches what comes beside the source while it publishes", { timeout: 120_000 }, async () => {
    await using other = await temporaryFolder();
    await ffmpeg(...picture({ size: "320x180", seconds: 2 }), ...FAST, other.in("clip.mp4"));
    await transcodeIn(other, other.in("clip.mp4"), {
      onEvent: (event) => {
        if (event.kind === "stage-started" && event.stage === "publish") void writeFile(other.in("clip.sv.srt"), srt("sent"));
      },
    });
    const record = parseAssetRecord(await readFile(other.in("out", "asset.json"), "utf8"));
    expect(record?.text?.map(({ id }) => id)).toEqual(["t-sv"]);
    expect(await readdir(other.in("out", "r"))).toHaveLength(2);
    expect((await leftIn(other)).work).toEqual([]);
  });
});
