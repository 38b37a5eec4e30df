import type { AudioRendition, TextRendition } from "../domain/encode-plan.ts";
import { MEDIA_PLAYLIST } from "./hls.ts";
import type { Measured, WrittenText } from "./presentation.ts";

/** AUTOSELECT for one member of each language in a group, the default if it is of that language: members that can be chosen automatically must differ. */
export function audioMedia({ rendition, facts }: Measured<AudioRendition>, all: readonly Measured<AudioRendition>[], base: string): string {
  const alike = all
    .map((entry) => entry.rendition)
    .filter(({ group, language }) => group === rendition.group && language === rendition.language);
  const automatic = alike.find(({ isDefault }) => isDefault) ?? alike[0];
  const attributes = [
    "TYPE=AUDIO",
    `GROUP-ID="${rendition.group}"`,
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

/** One text rendition as EXT-X-MEDIA; `before` are those listed already. */
export function textMedia({ id, name, language, forced, sdh }: TextRendition, before: readonly WrittenText[], base: string): string {
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
    `URI="${base}${id}/${MEDIA_PLAYLIST}"`,
  ];
  return `#EXT-X-MEDIA:${attributes.join(",")}`;
}
