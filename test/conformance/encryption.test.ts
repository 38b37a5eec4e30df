import { readFile, readdir, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { clearFragment, clearInit } from "../../src/packaging/decrypt.ts";
import { readInit } from "../../src/packaging/init-segment.ts";
import { measureRendition } from "../../src/packaging/measure.ts";
import { FAST, ffmpeg, patch, picture, tone } from "../helpers/clips.ts";
import { KEY, KEY_ID, aKey, anEncryption } from "../helpers/encryption.ts";
import type { TemporaryFolder } from "../helpers/temporary-folder.ts";
import { temporaryFolder } from "../helpers/temporary-folder.ts";
import { transcodeIn } from "../helpers/transcode.ts";
import { conformance } from "./conformance.ts";

const { signal } = new AbortController();

/** Decrypts the files of a rendition where they lie: no byte changes its place. */
async function decrypt(folder: string): Promise<void> {
  const { segments } = await measureRendition(folder, "", signal);
  const init = readInit(await readFile(`${folder}/init.mp4`));
  for (const { name, fragments } of segments) {
    await patch(`${folder}/${name}`, (bytes) => {
      for (const { offset, sizeBytes } of fragments)
        clearFragment(bytes.subarray(offset, offset + sizeBytes), init, aKey).copy(bytes, offset);
    });
  }
  await patch(`${folder}/init.mp4`, (bytes) => clearInit(bytes).copy(bytes));
}

/** Takes out of a manifest what says that the media is encrypted. */
async function disclose(path: string): Promise<number> {
  const text = await readFile(path, "utf8");
  const tags = /^(?:#EXT-X-(?:SESSION-)?KEY:.*|\s*<ContentProtection [^>]*\/>)\n/gm;
  await writeFile(path, text.replaceAll(tags, ""));
  return text.match(tags)?.length ?? 0;
}

async function opened(folder: TemporaryFolder, renditions: readonly string[]): Promise<number> {
  const [revision = ""] = await readdir(folder.in("out", "r"));
  const inside = renditions.map((id) => folder.in("out", "r", revision, id));
  for (const rendition of inside) await decrypt(rendition);
  const playlists = await Promise.all(
    inside.map(async (path) => (await readdir(path)).filter((name) => name.endsWith(".m3u8")).map((name) => `${path}/${name}`)),
  );
  const manifests = [folder.in("out", "index.m3u8"), folder.in("out", "index.mpd"), ...playlists.flat()];
  return (await Promise.all(manifests.map(disclose))).reduce((total, count) => total + count, 0);
}

test.each(["cbcs", "cenc"] as const)("an output under %s breaks no rule once it is decrypted in place", async (scheme) => {
  await using folder = await temporaryFolder();
  await ffmpeg(...picture({ size: "480x270", seconds: 8, rate: "25" }), ...tone({ seconds: 8 }), ...FAST, folder.in("source.mp4"));
  await writeFile(folder.in("key"), `${KEY_ID}:${KEY}`);
  const encryption = anEncryption({ scheme, keySource: { kind: "secret", reference: `file:${folder.in("key")}` } });
  const { renditions } = await transcodeIn(folder, folder.in("source.mp4"), { ladder: { encryption, passThrough: false } });
  expect(renditions).toEqual(["v270", "v240", "a-und"]);
  // Each of the two pictures has a playlist and an I-frame playlist; a session key, and two adaptation sets.
  expect(await opened(folder, renditions)).toBe(2 * 2 + 1 + 1 + 2);
  await expect(conformance(folder.in("out"), { source: folder.in("source.mp4") })).resolves.toStrictEqual([]);
});
