import { readFile } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { temporaryFolder } from "../helpers/temporary-folder.ts";
import type { Mpd } from "../support/mpd.ts";
import { parseMpd } from "../support/mpd.ts";
import type { Attributes, Playlist } from "../support/playlist.ts";
import { parsePlaylist } from "../support/playlist.ts";
import type { RenditionMedia } from "./media.ts";
import { readMedia } from "./media.ts";
import { codecOf } from "./sample-entry.ts";

/** A rendition as a player gets it: its playlist and what it leads to. */
export interface Rendition extends RenditionMedia {
  readonly url: string;
  /** Its folder, for messages. */
  readonly name: string;
  readonly kind: "video" | "audio";
  readonly playlist: Playlist;
  readonly codec: string | undefined;
}

export interface Listed<T = Rendition> {
  readonly attributes: Attributes;
  readonly rendition: T;
}

export interface IFrames {
  readonly attributes: Attributes;
  readonly playlist: Playlist;
  /** Of the video rendition whose I frames these are; undefined when no variant has it. */
  readonly rendition: Rendition | undefined;
}

/** Everything behind one multivariant playlist and one MPD, read without any code of what wrote it. */
export interface Published {
  readonly multivariant: Playlist;
  readonly variants: readonly Listed[];
  readonly audio: readonly Listed[];
  readonly iFrames: readonly IFrames[];
  /** Each rendition once. */
  readonly renditions: readonly Rendition[];
  readonly mpd: Mpd;
  readonly mpdUrl: string;
}

/** A folder or an http address, with a slash at its end. */
export const baseOf = (place: string): string => {
  const url = /^https?:/.test(place) ? place : pathToFileURL(place).href;
  return url.endsWith("/") ? url : `${url}/`;
};

async function get(url: string): Promise<Buffer> {
  if (url.startsWith("file:")) return readFile(fileURLToPath(url));
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${answer.status} ${url}`);
  return Buffer.from(await answer.arrayBuffer());
}

const absolute = (uri: string, base: string): string => new URL(uri, base).href;
const getPlaylist = async (url: string): Promise<Playlist> => parsePlaylist((await get(url)).toString("utf8"));

/** Reads what is published at a folder or address. Throws when anything that is named is missing or unreadable. */
export async function readPublished(place: string): Promise<Published> {
  const base = baseOf(place);
  const [hlsUrl, mpdUrl] = [absolute("index.m3u8", base), absolute("index.mpd", base)];
  const multivariant = await getPlaylist(hlsUrl);
  const variants = multivariant.variants.map(({ attributes, uri }) => ({ attributes, url: absolute(uri, hlsUrl) }));
  const audio = multivariant.media
    .filter((attributes) => attributes.get("TYPE") === "AUDIO")
    .flatMap((attributes) => {
      const uri = attributes.get("URI");
      return uri === undefined ? [] : [{ attributes, url: absolute(uri, hlsUrl) }];
    });
  const sound = new Set(audio.map(({ url }) => url));
  const read = new Map<string, Rendition>();
  for (const url of new Set([...variants, ...audio].map((entry) => entry.url)))
    read.set(url, await readRendition(url, sound.has(url) ? "audio" : "video"));
  const listed = (entries: typeof variants): Listed[] =>
    entries.flatMap(({ attributes, url }) => {
      const rendition = read.get(url);
      return rendition ? [{ attributes, rendition }] : [];
    });
  const iFrames = multivariant.iFrames.map(async (attributes) => {
    const url = absolute(attributes.get("URI") ?? "", hlsUrl);
    const folder = absolute(".", url);
    return {
      attributes,
      playlist: await getPlaylist(url),
      rendition: [...read.values()].find((entry) => absolute(".", entry.url) === folder),
    };
  });
  return {
    multivariant,
    variants: listed(variants),
    audio: listed(audio),
    iFrames: await Promise.all(iFrames),
    renditions: [...read.values()],
    mpd: parseMpd((await get(mpdUrl)).toString("utf8")),
    mpdUrl,
  };
}

async function readRendition(url: string, kind: Rendition["kind"]): Promise<Rendition> {
  await using folder = await temporaryFolder();
  const playlist = await getPlaylist(url);
  const init = await get(absolute(playlist.map ?? "", url));
  const segments = await Promise.all(
    playlist.segments.map(async ({ uri }) => ({ uri: absolute(uri, url), bytes: await get(absolute(uri, url)) })),
  );
  const media = await readMedia(folder.in("whole.mp4"), init, segments);
  return { ...media, url, kind, playlist, name: new URL(".", url).pathname.split("/").at(-2) ?? url, codec: codecOf(init) };
}

/** When each segment begins to be shown, and when the last one ends; sound before zero is not heard. */
export function edgesOf({ segments }: Pick<Rendition, "segments">): readonly number[] {
  const starts = segments.map(({ samples }) => Math.max(0, Math.min(...samples.map((sample) => sample.startSeconds))));
  const end = Math.max(...segments.flatMap(({ samples }) => samples.map((sample) => sample.startSeconds + sample.durationSeconds)));
  return [...starts, end];
}

/** How long one sample lasts: the usual one. */
export function frameSeconds({ segments }: Pick<Rendition, "segments">): number {
  const durations = segments.flatMap(({ samples }) => samples.map((sample) => sample.durationSeconds)).toSorted((a, b) => a - b);
  return durations[Math.floor(durations.length / 2)] ?? 0;
}
