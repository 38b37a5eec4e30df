import type { AudioRendition } from "./encode-plan.ts";
import type { Ladder } from "./ladder.ts";
import type { AudioTrack, Source } from "./source.ts";
import { ordinalOf, uniqueNames, withOrdinal } from "./track-names.ts";

/** The sound beside a picture: every track of the source. */
export const audioBesideVideo = (source: Source, ladder: Ladder): AudioRendition[] =>
  audioGroup(source.audio, { bitrateBps: ladder.audioBps, group: "audio", step: 0 });

/** Sound alone: one group a bit rate, so that players can adapt. */
export function audioOnly(source: Source, ladder: Ladder): AudioRendition[] {
  return ladder.audioOnlyBps.flatMap((bps, step) =>
    audioGroup(source.audio, { bitrateBps: bps, group: `audio-${Math.round(bps / 1000)}`, step }),
  );
}

/** `step` counts the bit rates of an audio-only ladder, so that ids stay unique. */
function audioGroup(
  tracks: readonly AudioTrack[],
  { bitrateBps, group, step }: { bitrateBps: number; group: string; step: number },
): AudioRendition[] {
  const preferred = Math.max(
    0,
    tracks.findIndex((track) => track.isDefault),
  );
  const names = uniqueNames(tracks, "Audio");
  return tracks.map((track, position) => ({
    kind: "audio",
    id: audioId(tracks, position, step),
    codec: "aac",
    sourceIndex: track.index,
    channels: track.channels === 1 ? 1 : 2,
    sampleRate: 48_000,
    bitrateBps: track.channels === 1 ? Math.round(bitrateBps / 2) : bitrateBps,
    language: track.language,
    name: names[position] ?? `Audio ${position + 1}`,
    isDefault: position === preferred,
    group,
    delaySeconds: track.startSeconds,
  }));
}

function audioId(tracks: readonly AudioTrack[], position: number, step: number): string {
  const language = tracks[position]?.language ?? "und";
  const same = tracks.filter((track) => track.language === language).length;
  return withOrdinal(`a-${language}`, step * same + ordinalOf(tracks, position));
}
