import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FAST, ffmpeg, picture, tone } from "../helpers/clips.ts";
import { temporaryFolder } from "../helpers/temporary-folder.ts";
import { transcodeIn } from "../helpers/transcode.ts";

/** Of what the source says about itself; none of it may be read again in anything that is published. */
const SECRETS = ["+52.5200+013.4050", "pixel-phone-7", "chapter-of-mine", "attached-secret", "comment-of-mine"];

/** As `ladderd transcode` wrote it, every byte of every file. */
async function publishedBytes(folder: string): Promise<readonly (readonly [name: string, bytes: Buffer])[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return Promise.all(files.map(async (file) => [file.slice(folder.length + 1), await readFile(file)] as const));
}

test("bad input 63: of places, devices, chapters, attachments and titles that try to act no published byte tells", async () => {
  await using folder = await temporaryFolder();
  const lines = [
    ";FFMETADATA1",
    'title=x"\\\n#EXT-X-KEY:METHOD=AES-128,URI="http://evil/"',
    "location=+52.5200+013.4050/",
    "com.apple.quicktime.make=pixel-phone-7",
    "comment=comment-of-mine \u001b[31m",
    "[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=500\ntitle=chapter-of-mine",
  ];
  await writeFile(folder.in("tags.txt"), `${lines.join("\n")}\n`);
  await writeFile(folder.in("font.ttf"), "attached-secret");
  const act = 'a"\n#EXT-X-KEY:METHOD=AES-128,URI="http://evil/"\u0007';
  await ffmpeg(
    ...[...picture({ seconds: 1 }), ...tone({ seconds: 1 }), "-i", folder.in("tags.txt")],
    ...["-map", "0", "-map", "1", "-map_metadata", "2", "-map_chapters", "2"],
    ...["-attach", folder.in("font.ttf"), "-metadata:s:t", "mimetype=font/ttf"],
    ...["-metadata:s:a:0", `language=${act}`, "-metadata:s:a:0", `title=${act}`, "-metadata:s:v:0", `title=${act}`],
    ...[...FAST, folder.in("a.mkv")],
  );
  const source = await readFile(folder.in("a.mkv"));
  expect(SECRETS.filter((secret) => !source.includes(secret))).toStrictEqual([]);

  await transcodeIn(folder, folder.in("a.mkv"));
  const files = await publishedBytes(folder.in("out"));
  const names = files.map(([name]) => name);
  for (const kind of ["index.m3u8", "index.mpd", "asset.json", "init.mp4", ".m4s"])
    expect(names.some((name) => name.endsWith(kind))).toBe(true);
  const told = files.flatMap(([name, bytes]) => SECRETS.filter((secret) => bytes.includes(secret)).map((secret) => `${name}: ${secret}`));
  expect(told).toStrictEqual([]);
  const lined = files
    .filter(([name]) => /\.(?:m3u8|mpd|json)$/.test(name))
    .filter(([, bytes]) => /^#EXT-X-KEY|[\u0000-\u0008\u001b]/m.test(bytes.toString()));
  expect(lined.map(([name]) => name)).toStrictEqual([]);
});
