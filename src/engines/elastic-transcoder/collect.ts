import { basename } from "node:path/posix";
import { OutputError } from "../../domain/errors.ts";
import { nameOfUri } from "../../packaging/own-uri.ts";
import { readMultivariant } from "../../packaging/read-multivariant.ts";
import type { ByteRange } from "../../packaging/read-playlist.ts";
import { readMediaPlaylist } from "../../packaging/read-playlist.ts";
import { rebaseMultivariant } from "../../packaging/rebase-hls.ts";
import { rebaseMpd } from "../../packaging/rebase-mpd.ts";
import type { Manifests } from "../../packaging/render.ts";
import type { RemoteOutputs } from "../remote-state.ts";
import type { Destination } from "./outputs.ts";
import { MANIFESTS, verifyOutputs } from "./outputs.ts";

/** Whether the service wrote an object of this name: a job's keys are ours to choose, and nothing else of ours begins like them. */
export const isOfService = (name: string): boolean => /^(?:hls|dash|index|thumbnail)-[^/]*$/.test(name);

/** Whether a published revision needs this object of the service no more: its manifests have become the asset's pointers. */
export const isSpare = (name: string): boolean => /^(?:index|thumbnail)-[^/]*$/.test(name);

/** What the service's manifests lead to, by name inside the revision. */
export interface NamedOutputs {
  /** The manifests as the asset's pointers will hold them. */
  readonly manifests: Manifests;
  /** The media playlists of the pictures, as they are listed, and of the sounds. */
  readonly pictures: readonly string[];
  readonly sounds: readonly string[];
  readonly iFrames: readonly string[];
  /** The one file of each MPEG-DASH rendition. */
  readonly files: readonly string[];
}

/** Reads the manifests; `base` is where the pointers will lead, "r/<revision>/". Throws OutputError output_incomplete for manifests that are missing or lead elsewhere. */
export function readManifests(texts: ReadonlyMap<string, string>, base: string): NamedOutputs {
  const [hlsText, dashText] = [texts.get(MANIFESTS.hls), texts.get(MANIFESTS.dash)];
  if (hlsText === undefined || dashText === undefined) throw incomplete("a manifest is missing");
  const hls = rebaseMultivariant(hlsText, { name: MANIFESTS.hls, base });
  const dash = rebaseMpd(dashText, { name: MANIFESTS.dash, base });
  const { variants, media, iFrames } = readMultivariant(hlsText) ?? { variants: [], media: [], iFrames: [] };
  const named = (uris: readonly (string | undefined)[]): readonly string[] => [
    ...new Set(uris.flatMap((uri) => (uri === undefined ? [] : (nameOfUri(uri, MANIFESTS.hls) ?? [])))),
  ];
  const foreign = [...hls.names, ...dash.names].find((name) => !isOfService(name));
  if (foreign !== undefined) throw incomplete(`a manifest names ${foreign}, which the service was not asked for`);
  return {
    manifests: { hls: hls.text, dash: dash.text },
    pictures: named(variants.map(({ uri }) => uri)),
    sounds: named(media.map((attributes) => attributes.get("URI"))),
    iFrames: named(iFrames.map((attributes) => attributes.get("URI"))),
    files: dash.names,
  };
}

/** What the outputs of a job are held to. */
export interface Asked {
  readonly durationSeconds: number;
  readonly hasSound: boolean;
  /** What the service says that it made. */
  readonly told: RemoteOutputs;
}

/**
 * Holds what the manifests lead to against what was asked for and told of: no output is left out, every one is whole. Pure.
 * Throws OutputError output_incomplete or output_misaligned.
 */
export function verifyNamed(named: NamedOutputs, asked: Asked, destination: Destination): void {
  const { pictures, sounds, iFrames, files } = named;
  const names = new Set([...pictures, ...sounds, ...files]);
  for (const { name } of asked.told.renditions) {
    const key = basename(name ?? "");
    if (name !== undefined && !names.has(key) && !names.has(`${key}_v4.m3u8`)) throw incomplete(`no manifest names ${key}`);
  }
  if (asked.hasSound && sounds.length === 0) throw incomplete(`${MANIFESTS.hls} names no sound`);
  verifyOutputs({ durationSeconds: asked.durationSeconds, pictures, sounds, others: [...iFrames, ...files] }, destination);
  for (const name of iFrames) verifyIFrames(name, destination);
}

/** RFC 8216 4.3.3.6: every segment is one picture, and its range is inside the file. */
function verifyIFrames(name: string, { sizes, texts }: Destination): void {
  const playlist = readMediaPlaylist(texts.get(name) ?? "");
  if (!playlist?.isEnded || playlist.segments.length === 0) throw incomplete(`${name} is missing, or no whole playlist`);
  for (const { uri, range } of playlist.segments)
    if (!isWithin(range, sizes.get(nameOfUri(uri, name) ?? "") ?? 0)) throw incomplete(`${name} has a picture that is not in ${uri}`);
}

/** A number that is written badly is none, and within nothing. */
const isWithin = (range: ByteRange | undefined, sizeBytes: number): boolean =>
  range !== undefined && range.bytes > 0 && range.offset >= 0 && range.offset + range.bytes <= sizeBytes;

const incomplete = (message: string): OutputError => new OutputError("output_incomplete", `elastic-transcoder: ${message}`);
