import { averageOf, peakOf, spansOf } from "./bandwidth.ts";
import type { Listed, Published, Rendition } from "./published.ts";
import { edgesOf, frameSeconds } from "./published.ts";
import type { Rule } from "./rule.ts";
import { shown, when } from "./rule.ts";
import { videos } from "./timing-rules.ts";

/** Measured and declared may differ by this share. */
const WITHIN = 0.1;
/** A declared peak this little under the measured one is rounding. */
const ROUNDING = 0.005;
const MAX_FRAME_RATE = 60.06;

const numberOf = ({ attributes }: Pick<Listed, "attributes">, name: string): number => Number(attributes.get(name) ?? Number.NaN);
const groupOf = (variant: Listed, { audio }: Published): readonly Rendition[] =>
  audio.filter(({ attributes }) => attributes.get("GROUP-ID") === variant.attributes.get("AUDIO")).map(({ rendition }) => rendition);

/** The video's figure plus that of the group's largest audio. */
function combined(variant: Listed, published: Published, measure: (rendition: Rendition) => number): number {
  const group = groupOf(variant, published);
  const own = variant.rendition.kind === "video" ? measure(variant.rendition) : 0;
  return own + Math.max(0, ...group.map(measure));
}

/** BANDWIDTH is at least the measured peak, and not a tenth above it. */
function bandwidthIsPeak(published: Published): readonly string[] {
  return published.variants.flatMap((variant) => {
    const target = variant.rendition.playlist.targetDuration ?? 0;
    const peak = combined(variant, published, (rendition) => peakOf(spansOf(rendition), target));
    const declared = numberOf(variant, "BANDWIDTH");
    const holds = declared >= peak * (1 - ROUNDING) && declared <= peak * (1 + WITHIN);
    return when(!holds, () => `${variant.rendition.name}: BANDWIDTH ${declared}, measured ${Math.round(peak)}`);
  });
}

function averageBandwidth(published: Published): readonly string[] {
  return published.variants.flatMap((variant) => {
    const average = combined(variant, published, (rendition) => averageOf(spansOf(rendition)));
    const declared = numberOf(variant, "AVERAGE-BANDWIDTH");
    const holds = Math.abs(declared - average) <= average * WITHIN;
    return when(!holds, () => `${variant.rendition.name}: AVERAGE-BANDWIDTH ${declared}, measured ${Math.round(average)}`);
  });
}

/** CODECS lists exactly the codecs of the sample entries of the variant and its audio group. */
function codecsOfEntries(published: Published): readonly string[] {
  return published.variants.flatMap((variant) => {
    const expected = new Set([variant.rendition, ...groupOf(variant, published)].map(({ codec }) => codec));
    const declared = new Set((variant.attributes.get("CODECS") ?? "").split(","));
    const same = declared.symmetricDifference(expected).size === 0;
    return when(!same, () => `${variant.rendition.name}: CODECS ${[...declared].join(",")}, sample entries ${[...expected].join(",")}`);
  });
}

/** RESOLUTION, FRAME-RATE and VIDEO-RANGE are there and are those of the media. */
function pictureAttributes({ variants }: Published): readonly string[] {
  return variants
    .filter(({ rendition }) => rendition.kind === "video")
    .flatMap((variant) => {
      const { rendition, attributes } = variant;
      const { width, height } = rendition.stream;
      const rate = 1 / frameSeconds(rendition);
      return [
        ...when(
          attributes.get("RESOLUTION") !== `${width}x${height}`,
          () => `${rendition.name}: RESOLUTION ${attributes.get("RESOLUTION")}, not ${width}x${height}`,
        ),
        ...when(
          !(Math.abs(numberOf(variant, "FRAME-RATE") - rate) < 0.01 * rate),
          () => `${rendition.name}: FRAME-RATE ${attributes.get("FRAME-RATE")}, not ${shown(rate)}`,
        ),
        ...when(attributes.get("VIDEO-RANGE") !== "SDR", () => `${rendition.name}: VIDEO-RANGE ${attributes.get("VIDEO-RANGE")}`),
      ];
    });
}

/** Progressive, square pixels, upright, 8-bit 4:2:0 in limited BT.709, even sizes, at most 60 frames a second. */
function deliveryPicture({ renditions }: Published): readonly string[] {
  return videos(renditions).flatMap((rendition) => {
    const { stream, name } = rendition;
    const { width = 0, height = 0, color_space: matrix, color_primaries: primaries, color_transfer: transfer } = stream;
    return [
      ...when(["tt", "bb", "tb", "bt"].includes(stream.field_order ?? ""), () => `${name} is interlaced`),
      ...when((stream.sample_aspect_ratio ?? "1:1") !== "1:1", () => `${name}: sample aspect ${stream.sample_aspect_ratio}`),
      ...when(
        stream.side_data_list.some(({ rotation = 0 }) => rotation !== 0),
        () => `${name} is turned by a matrix`,
      ),
      ...when(stream.pix_fmt !== "yuv420p", () => `${name}: ${stream.pix_fmt}`),
      ...when(stream.color_range === "pc", () => `${name} has full range`),
      ...when(
        [matrix, primaries, transfer].some((value) => value !== "bt709"),
        () => `${name} is tagged ${primaries}/${transfer}/${matrix}`,
      ),
      ...when(width % 2 !== 0 || height % 2 !== 0, () => `${name}: ${width}x${height}`),
      ...when(1 / frameSeconds(rendition) > MAX_FRAME_RATE, () => `${name}: ${shown(1 / frameSeconds(rendition))} frames a second`),
    ];
  });
}

/** VOD playlists that end, with an init segment, a version that knows it, and segments that stand alone. */
function vodPlaylists({ multivariant, renditions }: Published): readonly string[] {
  const independent = multivariant.tags.includes("#EXT-X-INDEPENDENT-SEGMENTS");
  return renditions.flatMap(({ name, playlist }) => [
    ...when(!playlist.tags.includes("#EXT-X-PLAYLIST-TYPE:VOD"), () => `${name} is not VOD`),
    ...when(!playlist.isEnded, () => `${name} has no ENDLIST`),
    ...when(versionOf(playlist.tags) < 6, () => `${name}: version ${versionOf(playlist.tags)} with EXT-X-MAP`),
    ...when(!independent && !playlist.tags.includes("#EXT-X-INDEPENDENT-SEGMENTS"), () => `${name}: no INDEPENDENT-SEGMENTS`),
  ]);
}

const versionOf = (tags: readonly string[]): number => Number(tags.find((tag) => tag.startsWith("#EXT-X-VERSION:"))?.slice(15) ?? 1);

/** Each group has one default; every member says its language, channels and name, the channels being those of the media. */
function audioGroups({ audio }: Published): readonly string[] {
  const groups = [...Map.groupBy(audio, ({ attributes }) => attributes.get("GROUP-ID"))];
  const namesOf = (members: typeof audio): string => members.map(({ attributes }) => attributes.get("NAME")).join();
  return [
    ...when(new Set(groups.map(([, members]) => namesOf(members))).size > 1, () => "groups with other members than the first"),
    ...groups.flatMap(([group, members]) => {
      const defaults = members.filter(({ attributes }) => attributes.get("DEFAULT") === "YES").length;
      const names = new Set(members.map(({ attributes }) => attributes.get("NAME")));
      return [
        ...when(defaults !== 1, () => `group ${group} has ${defaults} defaults`),
        ...when(names.size !== members.length, () => `group ${group} has names twice`),
      ];
    }),
    ...audio.flatMap(({ attributes, rendition: { name, stream } }) => [
      ...when(!/^[a-zA-Z]{2,3}(?:-\w+)*$/.test(attributes.get("LANGUAGE") ?? ""), () => `${name}: LANGUAGE ${attributes.get("LANGUAGE")}`),
      ...when(
        attributes.get("CHANNELS") !== String(stream.channels),
        () => `${name}: CHANNELS ${attributes.get("CHANNELS")}, not ${stream.channels}`,
      ),
      ...when(stream.sample_rate !== 48_000, () => `${name}: ${stream.sample_rate} Hz`),
    ]),
  ];
}

/** Nothing that a decoder stumbles over. */
const decodes = ({ renditions }: Published): readonly string[] =>
  renditions.flatMap(({ name, complaints }) => when(complaints !== "", () => `${name}: ${complaints.slice(0, 200)}`));

/** Sound and picture are apart, and every variant's picture lasts. */
const notEmpty = ({ renditions }: Published): readonly string[] =>
  renditions.flatMap((rendition) => when((edgesOf(rendition).at(-1) ?? 0) <= 0, () => `${rendition.name} is empty`));

/** Rules about what is said of the variants, against what they are. */
export const VARIANT_RULES: readonly Rule[] = [
  { id: "bandwidth-is-peak", source: "[1.27, 9.13], RFC 8216 4.3.4.2", check: bandwidthIsPeak },
  { id: "average-bandwidth", source: "[1.26, 9.14]", check: averageBandwidth },
  { id: "codecs-of-entries", source: "[9.1], RFC 6381", check: codecsOfEntries },
  { id: "picture-attributes", source: "[9.2, 9.15, 9.16]", check: pictureAttributes },
  { id: "delivery-picture", source: "[1.3, 1.14, 1.19, 1.24], ISO/IEC 23000-19 7.5.4", check: deliveryPicture },
  { id: "vod-playlists", source: "[8.6, 8.20, 9.11], RFC 8216 4.3.3", check: vodPlaylists },
  { id: "audio-groups", source: "[9.7], RFC 8216bis 4.4.6.1", check: audioGroups },
  { id: "decodes", source: "ISO/IEC 14496-10, ISO/IEC 14496-3", check: decodes },
  { id: "not-empty", source: "RFC 8216 4.3.2.1", check: notEmpty },
];
