import { open, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readMediaPlaylist } from "../../../src/packaging/read-playlist.ts";
import { readMultivariant } from "../../../src/packaging/read-multivariant.ts";
import { createFileSource } from "../../../src/pipeline/file-source.ts";
import { runAttach } from "../../../src/pipeline/run-attach.ts";
import { parseAssetRecord } from "../../../src/publish/asset-record.ts";
import { createFolderStore } from "../../../src/publish/folder-store.ts";
import { rollBack } from "../../../src/publish/rollback.ts";
import { runCommand } from "../../../src/process/run-command.ts";
import { FAST, ffmpeg, picture, tone } from "../../helpers/clips.ts";
import { complaintsOf, filesOfManifest, filesOfPlaylist, rangeOf } from "../../helpers/published.ts";
import type { TemporaryFolder } from "../../helpers/temporary-folder.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";
import { configIn, leftIn, transcodeIn } from "../../helpers/transcode.ts";

const SECONDS = 7;
const env = { LADDERD_COMPAT_OUTPUT_LAYOUT: "elastic-transcoder", LADDERD_PER_TITLE: "false" };
const { signal } = new AbortController();

let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await temporaryFolder();
  const rate = "30000/1001";
  await ffmpeg(...picture({ size: "640x360", seconds: SECONDS, rate }), ...tone({ seconds: SECONDS }), ...FAST, folder.in("film.mp4"));
  await writeFile(folder.in("film.en.vtt"), `WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n`);
  await transcodeIn(folder, folder.in("film.mp4"), { env });
}, 120_000);
afterAll(() => folder[Symbol.asyncDispose]());

const textAt = (...path: readonly string[]): Promise<string> => readFile(folder.in("out", ...path), "utf8");
const asset = async () => parseAssetRecord(await textAt("asset.json"));

test("a film has, beside its pointers, the playlists of its keys, and nothing else is left", async () => {
  const { out, work } = await leftIn(folder);
  expect(out.filter((name) => !name.startsWith("r")).toSorted()).toEqual(
    [
      "asset.json",
      "index.m3u8",
      "index.mpd",
      ...["v240", "v360"].flatMap((id) => [".m3u8", "_iframe.m3u8", "_v4.m3u8"].map((s) => id + s)),
    ].toSorted(),
  );
  expect(work).toEqual([]);
  expect((await asset())?.keys).toEqual({ v240: "v240", v360: "v360" });
  expect(out.filter((name) => /joined|ffmpeg/.test(name))).toEqual([]);
});

test.each(["index.m3u8", "v360.m3u8", "v360_v4.m3u8", "v240.m3u8"])("%s plays to its end with sound, in MPEG-TS alone", async (name) => {
  const path = folder.in("out", name);
  expect(await complaintsOf(path)).toBe("");
  const files = await filesOfPlaylist(path);
  const known = new Set((await leftIn(folder)).out.map((file) => folder.in("out", file)));
  expect(files.filter((file) => !known.has(file))).toEqual([]);
  expect(files.filter((file) => /\.(?:m4s|mp4)$/.test(file))).toEqual([]);
  for (const kind of ["v", "a"] as const) {
    const { start, end } = await rangeOf(path, kind);
    expect(end - start).toBeGreaterThan(SECONDS - 0.1);
  }
});

test("segments are named and cut as the rendition is, and begin where the playlist says", async () => {
  const playlist = readMediaPlaylist(await textAt("v360.m3u8"));
  const { revision = "" } = (await asset()) ?? {};
  const cmaf = readMediaPlaylist(await textAt("r", revision, "v360", "index.m3u8"));
  expect(playlist?.segments.map(({ uri }) => uri)).toEqual([0, 1].map((n) => `r/${revision}/v3600000${n}.ts`));
  expect(playlist?.segments.map(({ seconds }) => seconds)).toEqual(cmaf?.segments.map(({ seconds }) => seconds));
});

test("every picture of an I-frame playlist is one that decodes by itself", async () => {
  const { segments = [] } = readMediaPlaylist(await textAt("v360_iframe.m3u8")) ?? {};
  expect(segments.length).toBe(2);
  for (const { uri, range } of segments) {
    await using file = await open(folder.in("out", uri));
    const { buffer } = await file.read(Buffer.alloc(range?.bytes ?? 0), 0, range?.bytes ?? 0, range?.offset ?? 0);
    expect(buffer.length % 188).toBe(0);
    await writeFile(folder.in("picture.ts"), buffer);
    const entries = ["-count_frames", "-show_entries", "stream=nb_read_frames,width,height", "-of", "csv=p=0"];
    const { stdout } = await runCommand({
      command: "ffprobe",
      args: ["-v", "error", "-select_streams", "v:0", ...entries, folder.in("picture.ts")],
      signal,
    });
    expect(stdout.split("\n")[0]).toBe("640,360,1");
  }
});

test("MPEG-DASH names the files that it names without, and they are there", async () => {
  const files = await filesOfManifest(folder.in("out", "index.mpd"));
  const { out } = await leftIn(folder);
  expect(files.length).toBeGreaterThan(6);
  expect(files.filter((file) => !out.some((name) => folder.in("out", name) === file))).toEqual([]);
});

const storeOf = () => createFolderStore(folder.in("out"), "film/");

async function attach(): Promise<string> {
  await writeFile(folder.in("sv.srt"), `1\n00:00:01,000 --> 00:00:01,900\nHej\n`);
  const job = {
    ...{ id: "1", subtitles: { bucket: "local", key: folder.in("sv.srt") } },
    as: { assetPath: "film", language: "sv", forced: false },
  };
  const deps = { sources: createFileSource(), published: storeOf(), settings: { ...configIn(folder, env), publishPrefix: "" } };
  return (await runAttach(job, { deps, context: { signal, checkLease: () => undefined }, stage: (_stage, work) => work() })).outcome;
}

test("subtitles are there by the clock of MPEG-TS, also those that are attached later", async () => {
  expect(await attach()).toBe("published");
  const { media = [] } = readMultivariant(await textAt("index.m3u8")) ?? {};
  expect(media.map((attributes) => attributes.get("LANGUAGE"))).toEqual(["en", "sv"]);
  for (const attributes of media) {
    const path = `${attributes.get("URI")}`;
    const first = readMediaPlaylist(await textAt(path))?.segments[0];
    expect(await textAt(dirname(path), `${first?.uri}`)).toContain("X-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000");
  }
  expect((await rangeOf(folder.in("out", "v360.m3u8"), "v")).start).toBeCloseTo(10, 3);
  expect(await textAt("v360_v4.m3u8")).toContain(`r/${(await asset())?.revision}/v36000000.ts`);
  expect(await complaintsOf(folder.in("out", "v360_v4.m3u8"))).toBe("");
});

test("a rollback brings the playlists of the keys back as well", async () => {
  const before = await asset();
  const done = await rollBack({ store: storeOf(), assetPath: "film" }, signal);
  expect(done).toEqual({ kind: "rolled-back", from: before?.revision, to: before?.previous });
  for (const suffix of [".m3u8", "_v4.m3u8", "_iframe.m3u8"])
    expect(await textAt(`v360${suffix}`)).toContain(`r/${before?.previous}/v36000000.ts`);
});

test("a rollback to a revision whose MPEG-DASH has lost a segment is refused", async () => {
  const { revision, previous } = { ...(await asset()) };
  await rm(folder.in("out", "r", `${previous}`, "v360", "00001.m4s"));
  await expect(rollBack({ store: storeOf(), assetPath: "film" }, signal)).rejects.toMatchObject({ code: "output_incomplete" });
  expect((await asset())?.revision).toBe(revision);
});
