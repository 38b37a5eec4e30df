import type { Mpd } from "./mpd.ts";
import { parseMpd } from "./mpd.ts";
import type { Playlist, SegmentEntry } from "./playlist.ts";
import { parsePlaylist } from "./playlist.ts";

/** One answer of the origin. */
export interface Visit {
  readonly url: string;
  readonly status: number;
  readonly contentType: string;
  readonly cacheControl: string;
  readonly allowedOrigin: string | null;
  readonly bytes: number;
  /** How many bytes were asked for; undefined for the whole object. */
  readonly wantedBytes?: number;
}

export interface HlsCrawl {
  readonly multivariant: Playlist;
  /** By URL: media playlists and I-frame playlists. */
  readonly playlists: ReadonlyMap<string, Playlist>;
  readonly visits: readonly Visit[];
}

interface Got {
  readonly visit: Visit;
  readonly text: string;
}

async function get(url: string, segment?: SegmentEntry): Promise<Got> {
  const range = segment?.range;
  const wanted = range ? { range: `bytes=${range.offset}-${range.offset + range.bytes - 1}` } : {};
  const answer = await fetch(url, { headers: { origin: "http://player.example", ...wanted } });
  const body = Buffer.from(await answer.arrayBuffer());
  const { headers, status } = answer;
  const visit = {
    url,
    status,
    contentType: headers.get("content-type") ?? "",
    cacheControl: headers.get("cache-control") ?? "",
    allowedOrigin: headers.get("access-control-allow-origin"),
    bytes: body.length,
    ...(range ? { wantedBytes: range.bytes } : {}),
  };
  return { visit, text: /\.(?:m3u8|mpd|vtt)$/.test(url) ? body.toString("utf8") : "" };
}

const absolute = (uri: string, base: string): string => new URL(uri, base).href;

/** Fetches the multivariant playlist and every URI that can be reached from it: variants, media, I frames, segments. */
export async function crawlHls(url: string): Promise<HlsCrawl> {
  const top = await get(url);
  const multivariant = parsePlaylist(top.text);
  const uris = [
    ...multivariant.variants.map(({ uri }) => uri),
    ...[...multivariant.media, ...multivariant.iFrames].flatMap((attributes) => attributes.get("URI") ?? []),
  ];
  const got = await Promise.all([...new Set(uris.map((uri) => absolute(uri, url)))].map((playlistUrl) => get(playlistUrl)));
  const playlists = new Map(got.map(({ visit, text }) => [visit.url, parsePlaylist(text)]));
  const visits = [top.visit, ...got.map(({ visit }) => visit)];
  for (const [playlistUrl, { map, segments }] of playlists) {
    const inits = map === undefined ? [] : [get(absolute(map, playlistUrl))];
    const fetched = await Promise.all([...inits, ...segments.map((segment) => get(absolute(segment.uri, playlistUrl), segment))]);
    visits.push(...fetched.map(({ visit }) => visit));
  }
  return { multivariant, playlists, visits };
}

/** Fetches a media playlist and every segment of it, by range where it says one. */
export async function crawlMedia(url: string): Promise<{ readonly playlist: Playlist; readonly visits: readonly Visit[] }> {
  const { visit, text } = await get(url);
  const playlist = parsePlaylist(text);
  const fetched = await Promise.all(playlist.segments.map((segment) => get(absolute(segment.uri, url), segment)));
  return { playlist, visits: [visit, ...fetched.map((one) => one.visit)] };
}

/** Fetches the MPD and every file it names: init and media segments, sheets of thumbnails, texts. */
export async function crawlDash(url: string): Promise<{ readonly mpd: Mpd; readonly visits: readonly Visit[] }> {
  const top = await get(url);
  const mpd = parseMpd(top.text);
  const names = mpd.representations.flatMap(({ files }) => files);
  const fetched = await Promise.all(names.map((name) => get(absolute(name, absolute(mpd.baseUrl, url)))));
  return { mpd, visits: [top.visit, ...fetched.map(({ visit }) => visit)] };
}

/** Fetches a storyboard's WebVTT and every sheet its cues point into. */
export async function crawlStoryboard(url: string): Promise<{ readonly cues: readonly Cue[]; readonly visits: readonly Visit[] }> {
  const top = await get(url);
  const cues = [...top.text.matchAll(/^(\S+) --> (\S+)\n([^#\n]+)#xywh=[\d,]+$/gm)].map(([, start = "", end = "", uri = ""]) => ({
    startSeconds: secondsOf(start),
    endSeconds: secondsOf(end),
    uri,
  }));
  const sheets = await Promise.all([...new Set(cues.map(({ uri }) => absolute(uri, url)))].map((sheet) => get(sheet)));
  return { cues, visits: [top.visit, ...sheets.map(({ visit }) => visit)] };
}

export interface Cue {
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly uri: string;
}

/** Of a WebVTT time, hh:mm:ss.mmm. */
const secondsOf = (time: string): number => time.split(":").reduce((total, part) => 60 * total + Number(part), 0);
