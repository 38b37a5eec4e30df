import { describe, expect, test } from "vitest";
import type { CommandResult } from "../../../src/process/run-command.ts";
import type { Ffprobe } from "../../../src/media/run-ffprobe.ts";
import { withSoundChanges } from "../../../src/media/sound-changes.ts";
import { aSource, anAudioTrack } from "../../helpers/sources.ts";

const ENDED: CommandResult = { exitCode: 0, signal: null, ended: "exit", stdout: "", stderrTail: "", durationMs: 1 };

/** An ffprobe that says these lines of a stream's frames. */
const saying =
  (frames: Readonly<Record<string, readonly string[]>>, asked: string[] = []): Ffprobe =>
  async ({ args, onStdoutLine }) => {
    const stream = args[args.indexOf("-select_streams") + 1] ?? "";
    asked.push(stream);
    for (const line of frames[stream] ?? []) onStdoutLine?.(line);
    return ENDED;
  };

const STEREO = "channels=2|channel_layout=stereo|";
const SURROUND = "channels=6|channel_layout=5.1(side)|";
const broadcast = aSource({ container: "mpegts", audio: [anAudioTrack({ channels: 2 }), anAudioTrack({ index: 2, language: "de" })] });

describe("withSoundChanges", () => {
  test("marks the tracks whose layout changes and counts their most channels", async () => {
    const { audio } = await withSoundChanges(broadcast, saying({ 1: [STEREO, SURROUND, "", STEREO], 2: [STEREO, STEREO] }));
    expect(audio.map(({ channels, changesLayout }) => [channels, changesLayout])).toStrictEqual([
      [6, true],
      [2, undefined],
    ]);
  });

  test("takes another layout of as many channels for a change", async () => {
    const { audio } = await withSoundChanges(broadcast, saying({ 1: [SURROUND, "channels=6|channel_layout=5.1|"] }));
    expect(audio[0]?.changesLayout).toBe(true);
  });

  test("decodes nothing of a container that describes a track once", async () => {
    const asked: string[] = [];
    await expect(withSoundChanges(aSource(), saying({ 1: [STEREO, SURROUND] }, asked))).resolves.toStrictEqual(aSource());
    expect(asked).toStrictEqual([]);
  });
});
