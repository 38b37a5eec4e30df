import type { AudioTrack, Source } from "../domain/source.ts";
import type { Ffprobe } from "./run-ffprobe.ts";

/** Broadcasts take turns in 2.0 and 5.1, and no header says so; other containers describe a track once and for all. */
const CHANGING_CONTAINERS: ReadonlySet<string> = new Set(["mpegts", "mpeg"]);
/** Sound alone decodes some 300 times as fast as it plays. */
const DEADLINE_MS = 600_000;

/**
 * The source with the tracks marked whose channel layout changes on the way; they count as many channels as they have at
 * most. Decodes the sound of containers in which that happens. Throws what `ffprobe` throws.
 */
export async function withSoundChanges(source: Source, ffprobe: Ffprobe): Promise<Source> {
  if (!CHANGING_CONTAINERS.has(source.container)) return source;
  const audio: AudioTrack[] = [];
  for (const track of source.audio) audio.push(await withChanges(track, ffprobe));
  return { ...source, audio };
}

async function withChanges(track: AudioTrack, ffprobe: Ffprobe): Promise<AudioTrack> {
  const layouts = new Map<string, number>();
  await ffprobe({
    args: ["-select_streams", `${track.index}`, "-show_entries", "frame=channels,channel_layout", "-of", "compact=p=0"],
    deadlineMs: DEADLINE_MS,
    onStdoutLine: (line) => {
      const [layout, channels] = /channels=(\d+)\|channel_layout=[^|]*/.exec(line) ?? [];
      if (layout !== undefined) layouts.set(layout, Number(channels));
    },
  });
  return layouts.size > 1 ? { ...track, channels: Math.max(...layouts.values()), changesLayout: true } : track;
}
