import { open } from "node:fs/promises";
import { join } from "node:path";
import type { EncodePlan } from "../domain/encode-plan.ts";
import { OutputError } from "../domain/errors.ts";
import { revisionBase } from "../domain/output-layout.ts";
import type { NamedOutputs } from "../engines/elastic-transcoder/collect.ts";
import { isOfService, isSpare, readManifests, verifyNamed } from "../engines/elastic-transcoder/collect.ts";
import type { Cut, PlacedPacket } from "../engines/elastic-transcoder/cuts.ts";
import { cutsOf, packetRate, verifyCuts } from "../engines/elastic-transcoder/cuts.ts";
import { MANIFESTS } from "../engines/elastic-transcoder/outputs.ts";
import type { MeasuredStream } from "../engines/elastic-transcoder/streams.ts";
import type { RemoteOutputs } from "../engines/remote-state.ts";
import { probePackets } from "../media/probe-packets.ts";
import { BoxError } from "../packaging/boxes.ts";
import { readerOf } from "../packaging/measure.ts";
import { nameOfUri } from "../packaging/own-uri.ts";
import { readMediaPlaylist } from "../packaging/read-playlist.ts";
import { readIndex } from "../packaging/segment-index.ts";
import type { StageRun } from "./deps.ts";
import type { Sizes } from "./service-objects.ts";
import { bringOfService, listOfService, readOfService } from "./service-objects.ts";

/** Where Elastic Transcoder wrote, what it was asked for, and what it says of it. */
export interface NamedRequest {
  readonly plan: EncodePlan;
  readonly told: RemoteOutputs;
  readonly revision: string;
  readonly prefix: string;
  readonly outDir: string;
}

/** What lies on disk now, by the service's names. */
export interface NamedCollected {
  readonly named: NamedOutputs;
  readonly multivariant: string;
  /** All playlists, by name. */
  readonly texts: ReadonlyMap<string, string>;
  /** Of each HLS media playlist, by its name, its one file and the segments in it. */
  readonly playlists: ReadonlyMap<string, { readonly file: string; readonly cuts: readonly Cut[] }>;
  /** The pictures of each I-frame playlist. */
  readonly iFrames: ReadonlyMap<string, readonly Cut[]>;
  /** Sizes of what stays in the revision, by name. */
  readonly kept: Sizes;
  /** Of the media on disk. */
  readonly media: readonly string[];
}

/**
 * Brings what Elastic Transcoder wrote to disk and holds its manifests against what was asked for. What an attempt before
 * this one had added to the revision goes. Throws OutputError, ResourceError disk_full and the store's JobErrors.
 */
export async function collectNamed({ plan, told, revision, prefix, outDir }: NamedRequest, run: StageRun): Promise<NamedCollected> {
  const sizes = await listOfService({ prefix, isOfService }, run);
  const texts = await readOfService(
    [...sizes.keys()].filter((name) => /\.(?:m3u8|mpd)$/.test(name)),
    { prefix, sizes },
    run,
  );
  const named = readManifests(texts, revisionBase(revision));
  verifyNamed(named, { durationSeconds: plan.timeline.durationSeconds, hasSound: plan.audio.length > 0, told }, { sizes, texts });
  const playlists = new Map([...named.pictures, ...named.sounds].map((name) => [name, streamOf(name, texts.get(name) ?? "")] as const));
  const iFrames = new Map(named.iFrames.map((name) => [name, cutsOf(readMediaPlaylist(texts.get(name) ?? "") ?? { segments: [] })]));
  const media = [...new Set([...[...playlists.values()].map(({ file }) => file), ...named.files])];
  await bringOfService(new Map(media.map((name) => [name, name])), { prefix, sizes, outDir }, run);
  const kept = new Map([...sizes].filter(([name]) => !isSpare(name)));
  return { named, multivariant: texts.get(MANIFESTS.hls) ?? "", texts, playlists, iFrames, kept, media };
}

/** HLS of version 4 has one file a rendition. */
function streamOf(name: string, text: string) {
  const playlist = readMediaPlaylist(text);
  const files = new Set((playlist?.segments ?? []).map(({ uri }) => nameOfUri(uri, name)));
  const [file] = files;
  if (!playlist || file === undefined || files.size > 1)
    throw new OutputError("output_incomplete", `elastic-transcoder: ${name} is not of one file`);
  return { file, cuts: cutsOf(playlist) };
}

/** What the packets of all files say. */
export interface ReadCollected {
  /** Of each HLS media playlist, by its name. */
  readonly measured: ReadonlyMap<string, MeasuredStream>;
  /** Of each MPEG-DASH file, by its name. */
  readonly packets: ReadonlyMap<string, readonly PlacedPacket[]>;
  /** The I-frame playlists that play; trick play is not worth a film. */
  readonly iFrames: NamedCollected["iFrames"];
}

/** Reads every packet of every file: each segment of playlist and index begins with a keyframe, where it says. Throws OutputError. */
export async function verifyCollected(
  { named, playlists, kept, iFrames }: NamedCollected,
  outDir: string,
  { deps, signal }: StageRun,
): Promise<ReadCollected> {
  const tools = { ...deps.tools, limits: deps.settings.limits };
  const measured = new Map<string, MeasuredStream>();
  for (const [name, { file, cuts }] of playlists) {
    const read = await probePackets(join(outDir, file), tools, signal);
    verifyCuts(file, cuts, read);
    measured.set(name, { cuts, rate: packetRate(read) });
  }
  const packets = new Map<string, readonly PlacedPacket[]>();
  for (const file of named.files) {
    const path = join(outDir, file);
    const read = await probePackets(path, tools, signal);
    verifyCuts(file, await indexOf(path, kept.get(file) ?? 0), read);
    packets.set(file, read);
  }
  const playing = new Map<string, readonly Cut[]>();
  for (const [name, cuts] of iFrames)
    if (await playsAlone(join(outDir, name.replace(/_iframe\.m3u8$/, ".ts")), cuts)) playing.set(name, cuts);
  return { measured, packets, iFrames: playing };
}

/** Every range begins with the tables of MPEG-TS, without which no picture of it is found (RFC 8216 4.3.3.6). */
async function playsAlone(path: string, cuts: readonly Cut[]): Promise<boolean> {
  await using file = await open(path);
  const readAt = readerOf(file);
  for (const { offset } of cuts) {
    const head = await readAt(offset, PACKET_HEAD_BYTES);
    if (head.length < PACKET_HEAD_BYTES || head[0] !== SYNC_BYTE || (head.readUInt16BE(1) & 0x1fff) !== TABLES_PID) return false;
  }
  return true;
}

/** ISO/IEC 13818-1 2.4.3.2: a packet begins with its sync byte, then the id of what it is of; 0 is the table of programs. */
const [PACKET_HEAD_BYTES, SYNC_BYTE, TABLES_PID] = [4, 0x47, 0];

async function indexOf(path: string, sizeBytes: number): Promise<readonly Cut[]> {
  await using file = await open(path);
  try {
    return await readIndex(readerOf(file), sizeBytes);
  } catch (error) {
    if (!(error instanceof BoxError)) throw error;
    throw new OutputError("output_incomplete", `elastic-transcoder: ${path.split("/").at(-1)}: ${error.message}`, { cause: error });
  }
}
