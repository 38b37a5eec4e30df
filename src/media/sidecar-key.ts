import { languageTag } from "./labels.ts";

/** What the name of a subtitles file says of it. */
export interface NamedTrack {
  /** BCP 47; "und" when the name has none. */
  readonly language: string;
  /** To be shown without being asked for: signs and foreign speech. */
  readonly forced: boolean;
  /** For the deaf and hard of hearing: sounds are described. */
  readonly sdh: boolean;
}

/** One way to read a key: the source's key without its extension, and the track beside it. */
export interface SidecarReading {
  readonly stem: string;
  readonly track: NamedTrack;
}

/** A subtitles file beside a source. */
export interface Sidecar {
  readonly key: string;
  readonly track: NamedTrack;
}

const TEXT_EXTENSION = /\.(?:vtt|srt)$/i;
const LANGUAGE = /^[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}$/;
const HEARING: ReadonlySet<string> = new Set(["sdh", "cc"]);

/** Whether a key names subtitles and no film. */
export const isTextKey = (key: string): boolean => TEXT_EXTENSION.test(key);

/** The key without what looks like an extension, as asset paths have it. */
export const keyWithoutExtension = (key: string): string => key.replace(/(?<=[^/])\.[A-Za-z0-9]{1,5}$/, "");

/**
 * Every way to read `name[.<language>][.forced][.sdh].vtt|srt`, the longest name first: a name may hold dots, so
 * `a.en.srt` lies beside `a.en.mp4` if there is one, else beside `a.mp4`. None for other keys.
 */
export function sidecarReadings(key: string): SidecarReading[] {
  if (!isTextKey(key)) return [];
  const slash = key.lastIndexOf("/") + 1;
  const parts = key.slice(slash).replace(TEXT_EXTENSION, "").split(".");
  return parts.flatMap((_part, cut) => {
    const at = parts.length - cut;
    const track = trackNamed(parts.slice(at));
    const name = parts.slice(0, at).join(".");
    return track && name !== "" ? [{ stem: key.slice(0, slash) + name, track }] : [];
  });
}

function trackNamed(words: readonly string[]): NamedTrack | undefined {
  const isFlag = (word: string): boolean => word === "forced" || HEARING.has(word);
  const lower = words.map((word) => word.toLowerCase());
  const [first = ""] = lower;
  const named = words.length > 0 && !isFlag(first);
  const flags = named ? lower.slice(1) : lower;
  if ((named && !LANGUAGE.test(first)) || !flags.every(isFlag)) return undefined;
  const language = named ? languageTag(words[0]?.replaceAll("_", "-")) : "und";
  return { language, forced: flags.includes("forced"), sdh: flags.some((flag) => HEARING.has(flag)) };
}

/**
 * The subtitles among `keys` that lie beside the source, one a language and kind (.vtt before .srt), in order. A file whose
 * name fits a source with a longer name belongs to that one.
 */
export function sidecarsOf(sourceKey: string, keys: readonly string[]): Sidecar[] {
  const stem = keyWithoutExtension(sourceKey);
  const stems = new Set([stem, ...keys.filter((key) => !isTextKey(key)).map(keyWithoutExtension)]);
  const found = keys.flatMap((key) => {
    const reading = sidecarReadings(key).find((way) => stems.has(way.stem));
    return reading?.stem === stem ? [{ key, track: reading.track }] : [];
  });
  const byKind = Map.groupBy(found, ({ track }) => JSON.stringify(track));
  return [...byKind.values()].flatMap((alike) => alike.find(({ key }) => /vtt$/i.test(key)) ?? alike[0] ?? []);
}
