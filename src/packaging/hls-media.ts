import type { AudioRendition, TextRendition } from "../domain/encode-plan.ts";
import { MEDIA_PLAYLIST } from "./hls.ts";
import type { Measured, WrittenText } from "./presentation.ts";

/** An audio group: one member a track of the source, in their order. */
export interface AudioGroup {
  readonly id: string;
  readonly members: readonly Measured<AudioRendition>[];
}

/**
 * The audio groups, the one that every player can play first. Groups of a type have the same members (RFC 8216bis
 * 4.4.6.1.1), so a track without a rendition in a group stands there with its rendition of the first one: no language is
 * lost to whom plays 5.1.
 */
export function audioGroups(audio: readonly Measured<AudioRendition>[]): AudioGroup[] {
  const groups = [...Map.groupBy(audio, ({ rendition }) => rendition.group)];
  const [, tracks = []] = groups[0] ?? [];
  const isOf =
    (track: Measured<AudioRendition>) =>
    ({ rendition }: Measured<AudioRendition>): boolean =>
      rendition.sourceIndex === track.rendition.sourceIndex;
  return groups.map(([id, own]) => ({ id, members: tracks.map((track) => own.find(isOf(track)) ?? track) }));
}

/** AUTOSELECT for one member of each language in a group, the default if it is of that language: members that can be chosen automatically must differ. */
export function audioMedia({ rendition, facts }: Measured<AudioRendition>, { id, members }: AudioGroup, base: string): string {
  const alike = members.map((entry) => entry.rendition).filter(({ language }) => language === rendition.language);
  const automatic = alike.find(({ isDefault }) => isDefault) ?? alike[0];
  const attributes = [
    "TYPE=AUDIO",
    `GROUP-ID="${id}"`,
    `NAME="${rendition.name}"`,
    `LANGUAGE="${rendition.language}"`,
    `DEFAULT=${rendition.isDefault ? "YES" : "NO"}`,
    `AUTOSELECT=${automatic === rendition ? "YES" : "NO"}`,
    `CHANNELS="${facts.sound?.channels ?? rendition.channels}"`,
    `URI="${base}${rendition.id}/${MEDIA_PLAYLIST}"`,
  ];
  return `#EXT-X-MEDIA:${attributes.join(",")}`;
}

/** The one group of text renditions. */
export const TEXT_GROUP = "text";

/** What HLS authoring 5.x asks of subtitles for the deaf and hard of hearing. */
const FOR_THE_DEAF = "public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound";

/** What leads to the media playlist of a rendition, and its name there. */
export interface TextPlace {
  readonly base: string;
  readonly playlist: string;
}

/** One text rendition as EXT-X-MEDIA; `before` are those listed already. */
export function textMedia(
  { id, name, language, forced, sdh }: TextRendition,
  before: readonly WrittenText[],
  { base, playlist }: TextPlace,
): string {
  const repeats = before.some(({ rendition }) => rendition.language === language && rendition.forced === forced && rendition.sdh === sdh);
  const attributes = [
    "TYPE=SUBTITLES",
    `GROUP-ID="${TEXT_GROUP}"`,
    `NAME="${name}"`,
    `LANGUAGE="${language}"`,
    "DEFAULT=NO",
    `AUTOSELECT=${repeats ? "NO" : "YES"}`,
    `FORCED=${forced ? "YES" : "NO"}`,
    ...(sdh ? [`CHARACTERISTICS="${FOR_THE_DEAF}"`] : []),
    `URI="${base}${id}/${playlist}"`,
  ];
  return `#EXT-X-MEDIA:${attributes.join(",")}`;
}
