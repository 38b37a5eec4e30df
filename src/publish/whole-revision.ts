import { dirname, join } from "node:path/posix";
import { OutputError } from "../domain/errors.ts";
import { DASH_POINTER, HLS_POINTER, POINTER_COPIES, revisionBase } from "../domain/output-layout.ts";
import { MEDIA_PLAYLIST } from "../packaging/hls.ts";
import { nameOfUri } from "../packaging/own-uri.ts";
import { readMultivariant } from "../packaging/read-multivariant.ts";
import type { XmlElement } from "../packaging/read-xml.ts";
import { readXml } from "../packaging/read-xml.ts";
import type { Manifests } from "../packaging/render.ts";
import type { ObjectStore } from "../pipeline/ports.ts";
import type { AssetRecord } from "./asset-record.ts";
import { forAll } from "./revision-objects.ts";

const CONCURRENCY = 8;

/** A revision by its record, with its manifests as the asset's pointers show them. */
export interface WholeRevision {
  readonly record: AssetRecord;
  readonly manifests: Manifests;
}

/**
 * Every playlist and file that the manifests name is in the store, and every object that such a playlist names: a lifecycle
 * rule or a hand may have removed some since. Throws OutputError output_incomplete.
 */
export async function requireWhole(
  store: ObjectStore,
  { record: { assetPath, revision, keys, renditions }, manifests }: WholeRevision,
  signal: AbortSignal,
): Promise<void> {
  const base = revisionBase(revision);
  const prefix = `${assetPath}/${base}`;
  const names = new Set((await store.list(prefix, signal)).map(({ key }) => key.slice(prefix.length)));
  // With the old layout HLS and DASH share no media: what DASH plays is in the playlists that no pointer names.
  const ofDash = keys ? renditions.map(({ id }) => `${id}/${MEDIA_PLAYLIST}`).filter((name) => names.has(name)) : [];
  const playlists = [...playlistsOf(manifests.hls, base), ...ofDash];
  const missing = new Set([...playlists, ...filesOf(manifests.dash, base)].filter((name) => !names.has(name)));
  await forAll(
    playlists.filter((name) => names.has(name)),
    CONCURRENCY,
    async (name) => {
      const stored = await store.readText(prefix + name, signal);
      for (const uri of namedBy(stored?.text ?? "")) {
        const object = join(dirname(name), uri);
        if (!names.has(object)) missing.add(object);
      }
    },
  );
  if (missing.size > 0)
    throw new OutputError(
      "output_incomplete",
      `${missing.size} objects of revision ${revision} of ${assetPath} are gone; nothing was changed`,
      { facts: { objects: [...missing].slice(0, 20) } },
    );
}

/** The media playlists of a pointer, by name inside the revision. Its copy is as good as gone when it names none. */
function playlistsOf(pointer: string, base: string): readonly string[] {
  const { variants, media, iFrames } = readMultivariant(pointer) ?? { variants: [], media: [], iFrames: [] };
  if (variants.length === 0) throw unreadable(POINTER_COPIES.hls);
  const uris = [...variants.map(({ uri }) => uri), ...[...media, ...iFrames].flatMap((attributes) => attributes.get("URI") ?? [])];
  return [...new Set(uris.map((uri) => inside(nameOfUri(uri, HLS_POINTER) ?? uri, base)))];
}

/** The files that Representations are made of; what is cut into segments is the same media as in the playlists. */
function filesOf(pointer: string, base: string): readonly string[] {
  const mpd = readXml(pointer);
  if (mpd?.name !== "MPD") throw unreadable(POINTER_COPIES.dash);
  const own = baseUrls(mpd)[0] ?? "";
  return all(mpd)
    .filter(({ name }) => name === "Representation")
    .flatMap(baseUrls)
    .map((uri) => inside(nameOfUri(own + uri, DASH_POINTER) ?? uri, base));
}

const all = (top: XmlElement): readonly XmlElement[] => [top, ...top.children.flatMap(all)];

const baseUrls = ({ children }: XmlElement): readonly string[] =>
  children.filter(({ name }) => name === "BaseURL").map(({ text }) => text.trim());

/** What lies elsewhere keeps its name, which no object of the revision has. */
const inside = (name: string, base: string): string => (name.startsWith(base) ? name.slice(base.length) : name);

/** The segments and the init section of a media playlist, as URIs relative to it. */
function namedBy(playlist: string): readonly string[] {
  const lines = playlist.split("\n");
  const segments = lines.filter((line) => line.trim() !== "" && !line.startsWith("#"));
  const inits = lines.flatMap((line) => /^#EXT-X-MAP:.*URI="([^"]+)"/.exec(line)?.[1] ?? []);
  return [...segments, ...inits].map((uri) => decodeURIComponent(uri.trim()));
}

const unreadable = (name: string): OutputError =>
  new OutputError("output_incomplete", `${name} of the revision is no manifest; nothing was changed`);
