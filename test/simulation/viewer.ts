import { POINTER_COPIES, PRESENTATION, assetKeys, revisionBase } from "../../src/domain/output-layout.ts";
import { INIT_NAME } from "../../src/packaging/compile.ts";
import { parseAssetRecord } from "../../src/publish/asset-record.ts";
import { parsePresentation } from "../../src/publish/presentation-record.ts";
import { parseMpd } from "../support/mpd.ts";
import { parsePlaylist } from "../support/playlist.ts";
import type { ModelObject } from "./model-bucket.ts";

type Objects = ReadonlyMap<string, ModelObject>;

/** What a viewer needs, by key; a size where it is known what the object must weigh. */
export type Needs = ReadonlyMap<string, number | undefined>;

/** Everything that a player fetches who reads this multivariant playlist or MPD of the asset now. */
function needsOfPointer(objects: Objects, assetPath: string, text: string): Needs {
  const at = (path: string): string => `${assetPath}/${decodeURI(path)}`;
  if (!text.startsWith("#EXTM3U")) {
    const { baseUrl, representations } = parseMpd(text);
    return new Map(representations.flatMap(({ files }) => files.map((file) => [at(baseUrl + file), undefined] as const)));
  }
  const { variants, media, iFrames } = parsePlaylist(text);
  const uris = [...variants.map(({ uri }) => uri), ...[...media, ...iFrames].flatMap((attributes) => attributes.get("URI") ?? [])];
  const needs = new Map<string, number | undefined>();
  for (const uri of uris) {
    needs.set(at(uri), undefined);
    const playlist = objects.get(at(uri))?.text;
    if (playlist === undefined) continue;
    const { segments, map } = parsePlaylist(playlist);
    const folder = uri.slice(0, uri.lastIndexOf("/") + 1);
    for (const name of [...segments.map((segment) => segment.uri), ...(map === undefined ? [] : [map])])
      needs.set(at(folder + name), undefined);
  }
  return needs;
}

/** Everything that a revision must hold: its pointer copies, what those lead to, and media in their sizes. */
export function needsOfRevision(objects: Objects, assetPath: string, revision: string): Needs {
  const folder = `${assetPath}/${revisionBase(revision)}`;
  const needs = new Map<string, number | undefined>();
  for (const name of Object.values(POINTER_COPIES)) {
    needs.set(folder + name, undefined);
    const text = objects.get(folder + name)?.text;
    for (const [key, size] of text === undefined ? [] : needsOfPointer(objects, assetPath, text)) needs.set(key, size);
  }
  needs.set(folder + PRESENTATION, undefined);
  const presentation = parsePresentation(objects.get(folder + PRESENTATION)?.text ?? "");
  for (const { facts } of presentation ? [...presentation.video, ...presentation.audio] : []) {
    needs.set(`${folder}${facts.id}/${INIT_NAME}`, facts.initBytes);
    for (const { name, sizeBytes } of facts.segments) needs.set(`${folder}${facts.id}/${name}`, sizeBytes);
  }
  return needs;
}

/** The revisions that somebody may be led to: by asset.json and by either pointer. */
export function revisionsShown(objects: Objects, assetPath: string): readonly { readonly by: string; readonly revision: string }[] {
  const keys = assetKeys(assetPath);
  const record = parseAssetRecord(objects.get(keys.record)?.text ?? "");
  const shown = record ? [{ by: keys.record, revision: record.revision }] : [];
  for (const key of [keys.hls, keys.dash]) {
    const revision = revisionOf(objects.get(key)?.text);
    if (revision !== undefined) shown.push({ by: key, revision });
  }
  return shown;
}

/** The revision that a pointer's URIs lead into. */
export const revisionOf = (text: string | undefined): string | undefined => /\br\/([0-9A-Za-z-]+)\//.exec(text ?? "")?.[1];

/** The first thing that is missing or of another size. */
export function firstLack(objects: Objects, needs: Needs): string | undefined {
  for (const [key, size] of needs) {
    const found = objects.get(key);
    if (!found) return `${key} is missing`;
    if (size !== undefined && found.sizeBytes !== size) return `${key} has ${found.sizeBytes} bytes instead of ${size}`;
  }
  return undefined;
}
