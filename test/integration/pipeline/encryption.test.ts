import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import type { LadderEncryption, ProtectionScheme } from "../../../src/domain/encryption.ts";
import { PROTECTION_SCHEMES } from "../../../src/domain/encryption.ts";
import { joinFiles } from "../../../src/media/join-files.ts";
import type { TranscodeResult } from "../../../src/pipeline/transcode-file.ts";
import { runCommand } from "../../../src/process/run-command.ts";
import { createFailureStore } from "../../../src/state/failures.ts";
import { FAST, ffmpeg, picture, tone } from "../../helpers/clips.ts";
import { KEY, KEY_ID, anEncryption } from "../../helpers/encryption.ts";
import { fakeProgram } from "../../helpers/fake-program.ts";
import { aLadder } from "../../helpers/ladders.ts";
import { memoryStore } from "../../helpers/memory-store.ts";
import { settled } from "../../helpers/outcome.ts";
import type { TemporaryFolder } from "../../helpers/temporary-folder.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";
import type { TranscodeOptions } from "../../helpers/transcode.ts";
import { leftIn, transcodeIn } from "../../helpers/transcode.ts";

const { signal } = new AbortController();
const { packager, ffmpeg: programs } = loadConfig({ env: { PATH: process.env["PATH"], NODE_ENV: "test" } });
const SECONDS = 7;

/** A folder with a source of two segments and the secret of its ladder. */
async function aFolder(): Promise<TemporaryFolder> {
  const folder = await temporaryFolder();
  await ffmpeg(...picture({ seconds: SECONDS, size: "320x180" }), ...tone({ seconds: SECONDS }), ...FAST, folder.in("source.mp4"));
  await writeFile(folder.in("key"), `${KEY_ID}:${KEY}`);
  return folder;
}

const ladderWith = (encryption?: LadderEncryption) =>
  aLadder({
    codecs: [{ codec: "h264", preset: "ultrafast", crf: 30 }],
    rungs: [{ shortSide: 180, capBps: 400_000 }],
    passThrough: false,
    ...(encryption ? { encryption } : {}),
  });

const transcode = (
  folder: TemporaryFolder,
  scheme: ProtectionScheme | "clear",
  options: TranscodeOptions = {},
): Promise<TranscodeResult> => {
  const keySource = { kind: "secret", reference: `file:${folder.in("key")}` } as const;
  const encryption = scheme === "clear" ? undefined : anEncryption({ scheme, keySource });
  return transcodeIn(folder, folder.in("source.mp4"), { ladder: ladderWith(encryption), ...options });
};

/** One file of a whole rendition as it was published, encrypted or not. */
async function joined(folder: TemporaryFolder, { revision }: TranscodeResult, id: string): Promise<string> {
  const rendition = folder.in("out", "r", revision, id);
  const names = (await readdir(rendition)).filter((name) => name.endsWith(".m4s")).toSorted();
  const path = folder.in(`${id}.mp4`);
  await joinFiles(
    ["init.mp4", ...names].map((name) => join(rendition, name)),
    path,
    signal,
  );
  return path;
}

/** The same in clear, by the packager: nothing of ours is in it. */
async function opened(path: string, key: string): Promise<string> {
  const output = path.replace(".mp4", "-clear.mp4");
  const stream = path.includes("a-") ? "audio" : "video";
  const args = [
    `in=${path},stream=${stream},output=${output}`,
    "--enable_raw_key_decryption",
    "--keys",
    `label=:key_id=${KEY_ID}:key=${key}`,
  ];
  const { exitCode, stderrTail } = await runCommand({ command: packager.path, args: [...args, "--quiet"], signal });
  if (exitCode !== 0) throw new Error(stderrTail);
  return output;
}

/** Hashes of what a decoder makes of a file, however it complains. */
async function framesOf(path: string): Promise<string[]> {
  const args = ["-v", "quiet", "-nostdin", "-i", path, "-f", "framemd5", "-"];
  const { stdout } = await runCommand({ command: "ffmpeg", args, signal });
  return stdout.split("\n").flatMap((line) => /^0,.*, ([0-9a-f]{32})$/.exec(line)?.[1] ?? []);
}

/** Every file below a folder. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

const holdsKey = (bytes: Buffer): boolean =>
  bytes.toString("latin1").toLowerCase().includes(KEY) || bytes.includes(Buffer.from(KEY, "hex"));

describe("a ladder with encryption", () => {
  test.each(PROTECTION_SCHEMES)(
    "publishes by %s what decrypts to the frames of the clear one, and to nothing without the key",
    async (scheme) => {
      await using folder = await aFolder();
      await using inClear = await aFolder();
      const [encrypted, clear] = [await transcode(folder, scheme), await transcode(inClear, "clear")];
      expect(encrypted.renditions).toEqual(["v180", "a-und"]);
      for (const id of encrypted.renditions) {
        const expected = await framesOf(await joined(inClear, clear, id));
        const published = await joined(folder, encrypted, id);
        expect(expected.length).toBeGreaterThan(200);
        expect(await framesOf(await opened(published, KEY))).toEqual(expected);
        const seen = new Set(await framesOf(published));
        expect(expected.filter((frame) => seen.has(frame))).toEqual([]);
      }
    },
  );

  test("makes poster and storyboard in clear, the same as without it", async () => {
    await using folder = await aFolder();
    await using inClear = await aFolder();
    const [encrypted, clear] = [await transcode(folder, "cbcs"), await transcode(inClear, "clear")];
    for (const name of ["poster.jpg", "storyboard/1.jpg"]) {
      const [one, other] = [folder.in("out", "r", encrypted.revision, name), inClear.in("out", "r", clear.revision, name)];
      expect((await readFile(one)).equals(await readFile(other))).toBe(true);
    }
  });

  test("shows its key in nothing that is published, left behind, reported or passed to a program as an argument", async () => {
    await using folder = await aFolder();
    const spy = (name: string, real: string): Promise<string> =>
      fakeProgram(folder.in(name), `printf '%s\\n' "$@" >> "$0.said"\nexec ${real} "$@"`);
    const env = {
      // The spies write beside themselves.
      LADDERD_SANDBOX: "off",
      LADDERD_PACKAGER_PATH: await spy("packager", packager.path),
      LADDERD_FFMPEG_PATH: await spy("ffmpeg", programs.path),
      LADDERD_FFMPEG_PROBE_PATH: await spy("ffprobe", programs.probePath),
    };
    const events: unknown[] = [];
    await transcode(folder, "cbcs", { env, onEvent: (event) => events.push(event) });
    const said = await Promise.all(["packager", "ffmpeg", "ffprobe"].map((name) => readFile(folder.in(`${name}.said`))));
    expect(said[0]?.includes("--flagfile=")).toBe(true);
    expect(said.filter(holdsKey)).toEqual([]);
    expect(holdsKey(Buffer.from(JSON.stringify(events)))).toBe(false);
    const files = await filesBelow(folder.in("out"));
    expect(files.length).toBeGreaterThan(10);
    for (const file of files) expect([file, holdsKey(await readFile(file))]).toEqual([file, false]);
    expect((await leftIn(folder)).work).toEqual([]);
  });

  test("keeps its key out of the record of a packager that fails with its flags on its lips", async () => {
    await using folder = await aFolder();
    const script = 'for arg; do case "$arg" in --flagfile=*) cat "${arg#--flagfile=}" >&2;; esac; done\nexit 1';
    const env = { LADDERD_SANDBOX: "off", LADDERD_PACKAGER_PATH: await fakeProgram(folder.in("packager"), script) };
    const outcome = await settled(transcode(folder, "cbcs", { env }));
    const error = "error" in outcome ? outcome.error : undefined;
    expect(error).toMatchObject({ code: "engine_failed", facts: { packager: { stderr: expect.stringContaining("key=[key]") } } });
    const store = memoryStore();
    await createFailureStore(store).record({ messageId: "m", error, body: "{}" });
    expect(holdsKey(Buffer.from((await store.readText("failures/m.json"))?.text ?? KEY))).toBe(false);
  });

  test("publishes nothing when its key cannot be had, and is tried again", async () => {
    await using folder = await aFolder();
    await writeFile(folder.in("key"), "");
    const stages: string[] = [];
    const onEvent: TranscodeOptions["onEvent"] = (event) => event.kind === "stage-started" && stages.push(event.stage);
    const outcome = await settled(transcode(folder, "cbcs", { onEvent }));
    expect(outcome).toMatchObject({ error: { name: "KeyUnavailableError", code: "storage_throttled", disposition: "retry" } });
    expect(stages.at(-1)).toBe("key");
    expect(await leftIn(folder)).toEqual({ out: [], work: [] });
  });

  test("publishes nothing that a packager left in clear", async () => {
    await using folder = await aFolder();
    const isProtection = "--enable_raw_key_encryption|--protection_scheme|cbcs|--clear_lead|0|--flagfile=*";
    const script = `for arg do shift; case "$arg" in ${isProtection}) ;; *) set -- "$@" "$arg";; esac; done\nexec ${packager.path} "$@"`;
    const env = { LADDERD_SANDBOX: "off", LADDERD_PACKAGER_PATH: await fakeProgram(folder.in("packager"), script) };
    const outcome = await settled(transcode(folder, "cbcs", { env }));
    expect(outcome).toMatchObject({
      error: { code: "output_incomplete", message: expect.stringContaining("v180: is in clear; a-und: is in clear") },
    });
    expect(await leftIn(folder)).toEqual({ out: [], work: [] });
  });
});
