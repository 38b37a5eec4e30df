import type { AudioRendition, EncodePlan } from "../../domain/encode-plan.ts";
import { OutputError } from "../../domain/errors.ts";
import { averageBps, peakBps } from "../../packaging/bandwidth.ts";
import { nameOfUri } from "../../packaging/own-uri.ts";
import type { Variant } from "../../packaging/read-multivariant.ts";
import { readMultivariant } from "../../packaging/read-multivariant.ts";
import type { Cut } from "./cuts.ts";
import { MANIFESTS } from "./outputs.ts";

/** One file of HLS as it was measured. */
export interface MeasuredStream {
  readonly cuts: readonly Cut[];
  /** Packets a second. */
  readonly rate: number;
}

/** What a media playlist of the service really is. */
interface Stream {
  /** Name of the playlist inside the revision. */
  readonly playlist: string;
  readonly id: string;
  readonly codecs: string;
  readonly averageBps: number;
  readonly peakBps: number;
}

export interface PictureStream extends Stream {
  readonly width: number;
  readonly height: number;
  readonly frameRate: number;
  /** Its I-frame playlist and that one's peak. */
  readonly iFrames: { readonly playlist: string; readonly peakBps: number } | undefined;
  readonly durationSeconds: number;
}

export interface SoundStream extends Stream {
  readonly rendition: AudioRendition;
}

export interface Streams {
  /** Descending by size. */
  readonly pictures: readonly PictureStream[];
  readonly sound: SoundStream | undefined;
}

export interface StreamsRequest {
  readonly plan: Pick<EncodePlan, "audio">;
  /** The service's multivariant playlist. */
  readonly multivariant: string;
  readonly measured: ReadonlyMap<string, MeasuredStream>;
  /** The pictures of each I-frame playlist. */
  readonly iFrames: ReadonlyMap<string, readonly Cut[]>;
}

/** Every sound preset that is chosen makes it: AAC-LC. */
const SOUND = "mp4a.40.2";

/**
 * The streams of HLS: sizes and codecs by the service's playlist, rates by what was measured, the sound under the name that it
 * has in the plan. Pure. Throws OutputError output_incomplete for a variant that says no size or codec.
 */
export function streamsOf({ plan, multivariant, measured, iFrames }: StreamsRequest): Streams {
  const { variants } = readMultivariant(multivariant) ?? { variants: [] };
  const all = [...measured.values()].flatMap(({ cuts }) => cuts);
  const target = Math.max(1, Math.round(Math.max(...all.map(({ seconds }) => seconds))));
  const named = variants.map((variant) => pictureOf(variant, measured));
  const rendition = plan.audio.find(({ isDefault }) => isDefault) ?? plan.audio[0];
  const sound = [...measured].find(([name]) => !named.some(({ playlist }) => playlist === name));
  return {
    pictures: named
      .map(({ stream, ...picture }) => ({
        ...picture,
        ...ratesOf(stream.cuts, target),
        frameRate: stream.rate,
        durationSeconds: stream.cuts.reduce((sum, { seconds }) => sum + seconds, 0),
        iFrames: iFramesOf(picture.playlist, iFrames, target),
      }))
      .toSorted((a, b) => b.width - a.width || b.peakBps - a.peakBps),
    sound:
      sound && rendition
        ? { playlist: sound[0], id: rendition.id, codecs: SOUND, ...ratesOf(sound[1].cuts, target), rendition }
        : undefined,
  };
}

const ratesOf = (cuts: readonly Cut[], target: number) => ({
  averageBps: Math.ceil(averageBps(cuts)),
  peakBps: Math.ceil(peakBps(cuts, target)),
});

function iFramesOf(playlist: string, all: StreamsRequest["iFrames"], target: number): PictureStream["iFrames"] {
  const name = playlist.replace(/_v4\.m3u8$/, "_iframe.m3u8");
  const cuts = all.get(name);
  return cuts && { playlist: name, peakBps: Math.ceil(peakBps(cuts, target)) };
}

function pictureOf({ uri, attributes }: Variant, measured: StreamsRequest["measured"]) {
  const playlist = nameOfUri(uri, MANIFESTS.hls) ?? "";
  const [, width, height] = /^([1-9]\d*)x([1-9]\d*)$/.exec(attributes.get("RESOLUTION") ?? "") ?? [];
  const codecs = attributes
    .get("CODECS")
    ?.split(",")
    .find((codec) => codec.startsWith("avc1."));
  const stream = measured.get(playlist);
  if (width === undefined || codecs === undefined || !stream)
    throw new OutputError("output_incomplete", `elastic-transcoder: ${MANIFESTS.hls} says no size or no codec of ${uri}`);
  const id = playlist.replace(/^hls-/, "").replace(/_v4\.m3u8$/, "");
  return { playlist, id, codecs, width: Number(width), height: Number(height), stream };
}
