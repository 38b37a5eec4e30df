import { once } from "node:events";
import { createServer } from "node:http";
import { readFile, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { listen } from "../../../src/cli/dev/listen.ts";
import { ffprobeOn } from "../../../src/media/run-ffprobe.ts";
import { runCommand } from "../../../src/process/run-command.ts";
import { NO_FENCES } from "../../../src/process/sandbox.ts";
import { FAST, ffmpeg, picture } from "../../helpers/clips.ts";
import { settled } from "../../helpers/outcome.ts";
import type { TemporaryFolder } from "../../helpers/temporary-folder.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";
import { configIn, leftIn, transcodeIn } from "../../helpers/transcode.ts";

/** A listener on this machine that counts who comes. */
async function aListener() {
  let requests = 0;
  const server = createServer((_request, response) => {
    requests += 1;
    response.end();
  });
  server.on("connection", () => (requests += 1));
  const { url } = await listen(server, 0);
  return {
    url,
    requests: () => requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** The sandbox is off: what is shown must hold by the arguments of the programs alone. */
const attempt = (folder: TemporaryFolder, file: string) =>
  settled(transcodeIn(folder, folder.in(file), { env: { LADDERD_SANDBOX: "off" } }));

const playlistOf = (url: string, file: string): string =>
  `#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n${url}/1.ts\n#EXTINF:6,\nfile://${file}\n#EXT-X-ENDLIST\n`;

/** A QuickTime alias that names a file; its fixed part has 154 bytes. */
function alias(path: string): Buffer {
  const body = Buffer.alloc(154);
  const name = Buffer.from(path);
  const record = Buffer.alloc(4 + name.length + (name.length % 2));
  record.writeUInt16BE(2, 0);
  record.writeUInt16BE(name.length, 2);
  name.copy(record, 4);
  const end = Buffer.from("ffff0000", "hex");
  const size = Buffer.alloc(4);
  size.writeUInt32BE(8 + 4 + body.length - 4 + record.length + end.length);
  body.writeUInt16BE(1, 4 + 10 + 28 + 12 + 64 + 16);
  body.writeUInt16BE(1, 4 + 10 + 28 + 12 + 64 + 18);
  return Buffer.concat([size, Buffer.from("alis"), body, record, end]);
}

describe("a source that names others has nothing of them read:", () => {
  test.each(["http", "local"])("bad input 41: a playlist of a %s address", async (kind) => {
    await using folder = await temporaryFolder();
    await using listener = await aListener();
    await ffmpeg(...picture(), "-c:v", "libx264", folder.in("other.ts"));
    const list = playlistOf(kind === "http" ? listener.url : folder.in("other.ts"), folder.in("other.ts"));
    await writeFile(folder.in("a.mp4"), list);
    await expect(attempt(folder, "a.mp4")).resolves.toMatchObject({ error: { code: "source_playlist" } });
    expect(listener.requests()).toBe(0);
  });

  test("bad input 41: a live playlist that never ends, by ladderd's own look at it and by the arguments of ffprobe", async () => {
    await using folder = await temporaryFolder();
    await using listener = await aListener();
    const live = `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:1\n#EXTINF:1,\n${listener.url}/1.ts\n#EXTINF:1,\n${listener.url}/2.ts\n`;
    await writeFile(folder.in("a.mp4"), live);
    await expect(attempt(folder, "a.mp4")).resolves.toMatchObject({ error: { code: "source_playlist" } });
    // What follows would be asked by whoever misses the playlist.
    const { limits, ffmpeg: programs } = configIn(folder);
    const tools = { ffprobePath: programs.probePath, limits, sandbox: NO_FENCES };
    const { signal } = new AbortController();
    const said = await ffprobeOn(folder.in("a.mp4"), tools, signal)({ args: ["-show_format"], deadlineMs: 60_000 });
    expect(said).toMatchObject({ ended: "exit", stderrTail: expect.stringMatching(/whitelist/i) });
    expect(said.exitCode).not.toBe(0);
    expect(listener.requests()).toBe(0); // Without them it is read, for as long as it lives.
    const args = ["-v", "quiet", "-protocol_whitelist", "file,http,tcp", "-f", "hls", folder.in("a.mp4")];
    await runCommand({ command: programs.probePath, args, signal, deadlineMs: 1_500 });
    expect(listener.requests()).toBeGreaterThan(0);
  }, 120_000);

  test("bad input 45: a film whose media lies in another file", async () => {
    await using folder = await temporaryFolder();
    await ffmpeg(...picture(), ...FAST, folder.in("other.mov"));
    const own = await readFile(folder.in("other.mov"));
    const at = own.indexOf("dref", 0, "latin1");
    const entry = at + 4 + 8;
    const put = alias(folder.in("other.mov"));
    const grown = put.length - own.readUInt32BE(entry);
    for (const parent of ["moov", "trak", "mdia", "minf", "dinf", "dref"]) {
      const size = own.lastIndexOf(parent, at, "latin1") - 4;
      own.writeUInt32BE(own.readUInt32BE(size) + grown, size);
    }
    const media = own.indexOf("mdat", 0, "latin1") + 4;
    own.fill(0, media, media + own.readUInt32BE(media - 8) - 8);
    await writeFile(folder.in("a.mov"), Buffer.concat([own.subarray(0, entry), put, own.subarray(entry + own.readUInt32BE(entry))]));
    const outcome = await attempt(folder, "a.mov");
    expect(outcome).toMatchObject({ error: { code: "source_no_video", disposition: "reject" } });
    await expect(leftIn(folder)).resolves.toStrictEqual({ out: [], work: [] });
  });
});
