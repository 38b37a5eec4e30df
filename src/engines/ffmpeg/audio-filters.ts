import type { AudioRendition, EncodePlan } from "../../domain/encode-plan.ts";
import { filterSeconds, padOf } from "./pads.ts";

/** One chain a track and channel layout. */
export function audioChains({ source, timeline, audio }: EncodePlan): string[] {
  const shift = timeline.sourceStartSeconds - source.startSeconds;
  const byTrack = Map.groupBy(audio, (rendition) => `${rendition.sourceIndex}:${rendition.channels}`);
  return [...byTrack.values()].map((renditions) => audioChain(renditions, shift, timeline.durationSeconds));
}

/** Sound on the timeline: what is early is cut, what is late or missing is silence, to the sample. */
function audioChain(renditions: readonly AudioRendition[], shiftSeconds: number, durationSeconds: number): string {
  const [first] = renditions;
  if (!first) return "";
  const samples = Math.round(durationSeconds * first.sampleRate);
  const filters = [
    `asetpts=PTS-${filterSeconds(shiftSeconds)}/TB`,
    `aresample=${first.sampleRate}:async=1:first_pts=0`,
    `aformat=sample_fmts=fltp:channel_layouts=${first.channels === 1 ? "mono" : "stereo"}`,
    `apad=whole_len=${samples}`,
    `atrim=end_sample=${samples}`,
    ...(renditions.length > 1 ? [`asplit=${renditions.length}`] : []),
  ];
  return `[0:${first.sourceIndex}]${filters.join(",")}${renditions.map(({ id }) => padOf(id)).join("")}`;
}
