import type { AudioRendition, EncodePlan } from "../../domain/encode-plan.ts";
import { soundKey } from "../../domain/loudness.ts";
import type { AudioTrack, Source } from "../../domain/source.ts";
import { filterSeconds, padOf } from "./pads.ts";
import { soundInput } from "./sound-inputs.ts";

/** One chain a track and channel layout. */
export function audioChains(plan: EncodePlan): string[] {
  return byTrack(plan.audio).map((renditions) => {
    const [first] = renditions;
    return first ? `${soundOf(first, plan)}${level(first, plan.source)}${fanOut(renditions)}` : "";
  });
}

/** A meter on each chain, before any gain: the meter and the pad it leaves under are named by the sound's key. */
export function meterChains(plan: EncodePlan): { readonly key: string; readonly chain: string }[] {
  return byTrack(plan.audio).flatMap(([first]) => {
    if (!first) return [];
    const key = soundKey(first);
    return [{ key, chain: `${soundOf(first, plan)},ebur128@${key}=peak=true:framelog=verbose${padOf(key)}` }];
  });
}

const byTrack = (audio: readonly AudioRendition[]): AudioRendition[][] => [...Map.groupBy(audio, soundKey).values()];

/** Sound on the timeline: what is early is cut, what is late or missing is silence, to the sample. */
function soundOf({ sourceIndex, sampleRate, channels }: AudioRendition, plan: EncodePlan): string {
  const { source, timeline } = plan;
  const { stream, shiftSeconds } = soundInput(plan, sourceIndex);
  const samples = Math.round(timeline.durationSeconds * sampleRate);
  const track = source.audio.find(({ index }) => index === sourceIndex);
  const filters = [
    `asetpts=PTS-${filterSeconds(shiftSeconds)}/TB`,
    `aresample=${sampleRate}:async=1:first_pts=0`,
    ...toLayout(channels, track),
    `apad=whole_len=${samples}`,
    `atrim=end_sample=${samples}`,
  ];
  return `[${stream}]${filters.join(",")}`;
}

/** More channels than any layout that ffmpeg can mix: programmes put 5.1 into the first six. */
const MIXABLE_CHANNELS = 8;

/**
 * The published layout. A single channel is copied to both sides at its own level (ffmpeg's mixer would take 3 dB off);
 * the rest is ffmpeg's down-mix of ITU-R BS.775: centre and surrounds at -3 dB, no LFE. `5.1` is with back channels, the
 * only one that AAC has a channel configuration for.
 */
function toLayout(channels: AudioRendition["channels"], track: AudioTrack | undefined): string[] {
  const found = track?.channels ?? 2;
  return [
    ...(found === 1 ? ["pan=stereo|c0=c0|c1=c0"] : []),
    ...(found > MIXABLE_CHANNELS ? ["pan=5.1|c0=c0|c1=c1|c2=c2|c3=c3|c4=c4|c5=c5"] : []),
    `aformat=sample_fmts=fltp:channel_layouts=${channels === 6 ? "5.1" : "stereo"}`,
  ];
}

/** -1 dB: AAC puts peaks back. Below it every sample passes unchanged, and none comes late. */
const LIMITER = "alimiter=limit=0.891:level=false:latency=true";

/** A gain leaves its peaks in bounds by itself. Without one, channels mixed into fewer can add up to twice full scale. */
function level({ gainDb, channels, sourceIndex }: AudioRendition, { audio }: Source): string {
  if (gainDb !== undefined) return `,volume=volume=${gainDb.toFixed(2)}dB:precision=float`;
  const found = audio.find(({ index }) => index === sourceIndex)?.channels ?? channels;
  return found > channels ? `,${LIMITER}` : "";
}

const fanOut = (renditions: readonly AudioRendition[]): string =>
  `${renditions.length > 1 ? `,asplit=${renditions.length}` : ""}${renditions.map(({ id }) => padOf(id)).join("")}`;
