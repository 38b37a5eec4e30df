import type { AudioRendition } from "./encode-plan.ts";
import type { Ladder } from "./ladder.ts";
import type { AudioTrack, Source } from "./source.ts";
import { ordinalOf, uniqueNames, withOrdinal } from "./track-names.ts";

/** Tracks with at least the channels of 5.1 are offered in it as well. */
const SURROUND_CHANNELS = 6;

/** The sound beside a picture: every track in stereo, and a second group with 5.1 of those that have it. */
export const audioBesideVideo = ({ audio }: Source, ladder: Ladder): AudioRendition[] => [
  ...audioGroup(audio, { bitrateBps: ladder.audioBps, channels: 2, group: "audio", step: 0 }),
  ...audioGroup(audio, { bitrateBps: ladder.surroundBps, channels: 6, group: "audio-51", step: 0 }).filter((_, position) =>
    isSurround(audio[position]),
  ),
];

/** Sound alone: one stereo group a bit rate, so that players can adapt. */
export function audioOnly({ audio }: Source, ladder: Ladder): AudioRendition[] {
  return ladder.audioOnlyBps.flatMap((bitrateBps, step) =>
    audioGroup(audio, { bitrateBps, channels: 2, group: `audio-${Math.round(bitrateBps / 1000)}`, step }),
  );
}

const isSurround = (track: AudioTrack | undefined): boolean => (track?.channels ?? 0) >= SURROUND_CHANNELS;

interface GroupSettings extends Pick<AudioRendition, "bitrateBps" | "channels" | "group"> {
  /** Counts the bit rates of an audio-only ladder, so that ids stay unique. */
  readonly step: number;
}

function audioGroup(tracks: readonly AudioTrack[], { step, ...settings }: GroupSettings): AudioRendition[] {
  const preferred = Math.max(
    0,
    tracks.findIndex((track) => track.isDefault),
  );
  const names = uniqueNames(tracks, "Audio");
  return tracks.map((track, position) => ({
    kind: "audio",
    id: settings.channels === 2 ? stereoId(tracks, position, step) : surroundId(tracks, position),
    codec: "aac",
    sourceIndex: track.index,
    sampleRate: 48_000,
    language: track.language,
    name: names[position] ?? `Audio ${position + 1}`,
    isDefault: position === preferred,
    delaySeconds: track.startSeconds,
    ...settings,
  }));
}

function stereoId(tracks: readonly AudioTrack[], position: number, step: number): string {
  const language = languageAt(tracks, position);
  return withOrdinal(`a-${language}`, step * countOf(tracks, language) + ordinalOf(tracks, position));
}

/** With six tracks of a language the sixth's stereo is `a-en-6` already: the first's 5.1 then is `a-en-1-6`. */
function surroundId(tracks: readonly AudioTrack[], position: number): string {
  const language = languageAt(tracks, position);
  const ordinal = ordinalOf(tracks, position);
  const own = countOf(tracks, language) >= SURROUND_CHANNELS ? `a-${language}-${ordinal}` : withOrdinal(`a-${language}`, ordinal);
  return `${own}-${SURROUND_CHANNELS}`;
}

const languageAt = (tracks: readonly AudioTrack[], position: number): string => tracks[position]?.language ?? "und";

const countOf = (tracks: readonly AudioTrack[], language: string): number => tracks.filter((track) => track.language === language).length;
