import { mkdir, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import { ShutdownError } from "../../../src/domain/errors.ts";
import { FAST, cut, ffmpeg, patch, picture, tone } from "../../helpers/clips.ts";
import { fakeProgram } from "../../helpers/fake-program.ts";
import { settled } from "../../helpers/outcome.ts";
import { processesWith } from "../../helpers/process-list.ts";
import type { TemporaryFolder } from "../../helpers/temporary-folder.ts";
import { temporaryFolder } from "../../helpers/temporary-folder.ts";
import type { TranscodeOptions } from "../../helpers/transcode.ts";
import { leftIn, transcodeIn } from "../../helpers/transcode.ts";

const { ffmpeg: programs, packager } = loadConfig({ env: { PATH: process.env["PATH"], NODE_ENV: "test" } });

/** A job that must fail: what it failed with, after proving that it left neither file nor process. */
async function failureOf(folder: TemporaryFolder, options: TranscodeOptions = {}): Promise<unknown> {
  const outcome = await settled(transcodeIn(folder, folder.in("source.mp4"), options));
  await expect(leftIn(folder)).resolves.toStrictEqual({ out: [], work: [] });
  await expect(processesWith(folder.in("work"))).resolves.toStrictEqual([]);
  return "error" in outcome ? outcome.error : undefined;
}

/** A folder with three seconds of source and, in place of a program, a script in which REAL is the real one. */
async function aFolder(fake?: { readonly variable: string; readonly script: string }) {
  const folder = await temporaryFolder();
  await ffmpeg(...picture({ seconds: 3 }), ...tone({ seconds: 3 }), ...FAST, "-g", "15", folder.in("source.mp4"));
  if (!fake) return { folder, env: {} };
  const real = fake.variable === "LADDERD_PACKAGER_PATH" ? packager.path : programs.path;
  const path = await fakeProgram(folder.in("fake"), fake.script.replaceAll("REAL", real));
  // The script runs programs that a fence would not show it.
  return { folder, env: { LADDERD_SANDBOX: "off", [fake.variable]: path, LADDERD_ENCODE_STALL_SECONDS: "1" } };
}

describe("a job that fails leaves nothing, with", () => {
  test("bad input 59: a source that is damaged from end to end", async () => {
    const { folder } = await aFolder();
    await using _ = folder;
    await patch(folder.in("source.mp4"), (bytes) => {
      const end = bytes.indexOf("moov") - 4;
      for (let at = 3000; at < end; at += 97) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    });
    await expect(failureOf(folder)).resolves.toMatchObject({ code: "source_corrupt", disposition: "reject" });
  });

  test("bad input 58: a source without its index", async () => {
    const { folder } = await aFolder();
    await using _ = folder;
    await cut(folder.in("source.mp4"), 0.5);
    await expect(failureOf(folder)).resolves.toMatchObject({ code: "source_truncated" });
  });

  test("a worker that stops in the middle of the encode", async () => {
    const { folder } = await aFolder();
    await using _ = folder;
    await ffmpeg(...picture({ seconds: 20, size: "1280x720" }), ...FAST, folder.in("source.mp4"));
    const cancel = new AbortController();
    const reason = new ShutdownError("the worker stops");
    const onEvent: TranscodeOptions["onEvent"] = (event) => {
      if (event.kind === "progress" && event.stage === "encode") cancel.abort(reason);
    };
    await expect(failureOf(folder, { signal: cancel.signal, onEvent })).resolves.toBe(reason);
  });

  test.each(["fetch", "probe", "plan", "verify", "publish"] as const)("a worker that stops at the beginning of %s", async (stage) => {
    const { folder } = await aFolder();
    await using _ = folder;
    const cancel = new AbortController();
    const reason = new ShutdownError("the worker stops");
    const onEvent: TranscodeOptions["onEvent"] = (event) => {
      if (event.kind === "stage-started" && event.stage === stage) cancel.abort(reason);
    };
    await expect(failureOf(folder, { signal: cancel.signal, onEvent })).resolves.toBe(reason);
  });

  test.each([
    ["an ffmpeg that exits 3", "exit 3", "engine_failed"],
    ["fault 51: an ffmpeg that crashes", "kill -SEGV $$", "engine_failed"],
    ["fault 48: an ffmpeg that is killed", "kill -KILL $$", "engine_failed"],
    ["fault 49: an ffmpeg that hangs", "exec sleep 60", "stalled"],
    ["an ffmpeg that writes nothing and exits 0", "exit 0", "stalled"],
    [
      "an ffmpeg that reads one second of three and exits 0",
      'n=$#; while [ $n -gt 0 ]; do a=$1; shift; n=$((n-1)); [ "$a" = -i ] && set -- "$@" -t 1; set -- "$@" "$a"; done; exec REAL "$@"',
      "output_incomplete",
    ],
    ["fault 45: an ffmpeg whose disk is full", 'echo "av_interleaved_write_frame(): No space left on device" >&2; exit 1', "disk_full"],
  ])("%s", async (_what, script, code) => {
    const { folder, env } = await aFolder({ variable: "LADDERD_FFMPEG_PATH", script });
    await using _ = folder;
    await expect(failureOf(folder, { env })).resolves.toMatchObject({ code });
  });

  test("fault 51: an ffprobe that crashes", async () => {
    const { folder, env } = await aFolder({ variable: "LADDERD_FFMPEG_PROBE_PATH", script: "kill -SEGV $$" });
    await using _ = folder;
    await expect(failureOf(folder, { env })).resolves.toMatchObject({ code: "engine_failed", disposition: "retry" });
  });

  test.each([
    ["fault 52: a packager that is gone", "exit 127", "engine_unavailable"],
    ["a packager that exits 0 at once", "exit 0", "stalled"],
    ["a packager that exits 1", "exit 1", "engine_failed"],
    ["a packager that hangs", "exec sleep 60", "stalled"],
  ])("%s", async (_what, script, code) => {
    const { folder, env } = await aFolder({ variable: "LADDERD_PACKAGER_PATH", script });
    await using _ = folder;
    await expect(failureOf(folder, { env })).resolves.toMatchObject({ code });
  });

  test("R-X4: an encode that outgrows its share of the work folder", async () => {
    const script = `d=$(echo "$1" | sed 's/.*init_segment=\\(.*\\)\\/init.mp4,.*/\\1/'); fallocate -l 400M $d/growing || exit 9; exec sleep 60`;
    const { folder, env } = await aFolder({ variable: "LADDERD_PACKAGER_PATH", script });
    await using _ = folder;
    const error = await failureOf(folder, { env: { ...env, LADDERD_ENCODE_STALL_SECONDS: "30" } });
    expect(error).toMatchObject({ code: "resource_limit", message: expect.stringContaining("are its share") });
  });

  test("fault 52: an ffmpeg that is not there", async () => {
    const { folder } = await aFolder();
    await using _ = folder;
    await expect(failureOf(folder, { env: { LADDERD_FFMPEG_PATH: "/nonexistent/ffmpeg" } })).resolves.toMatchObject({
      code: "engine_unavailable",
      disposition: "retry",
    });
  });

  test("an output folder that was there before it, which stays as it was", async () => {
    const { folder } = await aFolder();
    await using _ = folder;
    await mkdir(folder.in("out"));
    await writeFile(folder.in("out", "mine.txt"), "x");
    await cut(folder.in("source.mp4"), 0.5);
    await settled(transcodeIn(folder, folder.in("source.mp4")));
    await expect(leftIn(folder)).resolves.toStrictEqual({ out: ["mine.txt"], work: [] });
  });
});

/** What happens to the first rendition's folder after a packager that did its work: $d is the folder. */
const after = (damage: string): string =>
  `REAL "$@" || exit 1; d=$(echo "$1" | sed 's/.*init_segment=\\(.*\\)\\/init.mp4,.*/\\1/'); ${damage}`;

describe("an output that is damaged after an encode that went well is refused:", () => {
  test.each([
    ["a segment is missing", "rm $d/00001.m4s"],
    ["a segment is empty", ": > $d/00001.m4s"],
    ["a segment is cut", "truncate -s -100 $d/00001.m4s"],
    ["a segment is another's", "cp $d/init.mp4 $d/00001.m4s"],
    [
      "a segment's media is zeros",
      "s=$(stat -c %s $d/00001.m4s); dd if=/dev/zero of=$d/00001.m4s bs=1 seek=2000 count=$((s-2000)) conv=notrunc 2>/dev/null",
    ],
    ["there is one segment too many", "cp $d/00001.m4s $d/00002.m4s"],
    ["a segment is named otherwise", "mv $d/00001.m4s $d/00002.m4s"],
    ["the init segment is missing", "rm $d/init.mp4"],
    ["the init segment is empty", ": > $d/init.mp4"],
    ["the folder is missing", "rm -r $d"],
  ])("%s", async (_what, damage) => {
    const { folder, env } = await aFolder({ variable: "LADDERD_PACKAGER_PATH", script: after(damage) });
    await using _ = folder;
    const error = await failureOf(folder, { env });
    expect(error).toMatchObject({ code: expect.stringMatching(/^output_/), disposition: "retry" });
  });
});
