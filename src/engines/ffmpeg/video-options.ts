import type { TimeRange, VideoRendition } from "../../domain/encode-plan.ts";
import type { Timeline } from "../../domain/timeline.ts";
import type { EncoderSettings } from "./video-encoders.ts";
import { encoderOptions } from "./video-encoders.ts";

/** Time stamps of one frame are whole numbers in this scale or finer. */
const MIN_TIMESCALE = 10_000;

/** Encoder and muxer options of one video rendition. */
export function videoOptions(rendition: VideoRendition, settings: EncoderSettings): string[] {
  const { timeline, range } = settings;
  if (rendition.copied) return copyOptions(timeline);
  return [
    ...encoderOptions(rendition, settings),
    ...["-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv"],
    // The filters made the rate constant: the muxer must not touch it again.
    ...["-fps_mode", "passthrough"],
    ...muxerOptions(timeline, range),
  ];
}

function copyOptions(timeline: Timeline): string[] {
  const filters = [
    // Slices, parameter sets and delimiters alone: SEI holds encoder settings, captions, on some cameras positions (R-X11).
    "filter_units=pass_types=1|5|7-9",
    // The first picture is a keyframe and shown first: the timeline begins with it, as it does for every other rendition.
    "setts=pts=PTS-STARTPTS:dts=DTS-STARTPTS",
  ];
  return ["-c:v", "copy", "-bsf:v", filters.join(","), ...muxerOptions(timeline)];
}

const muxerOptions = ({ frameRate: { num } }: Timeline, range?: TimeRange): string[] => [
  ...["-video_track_timescale", `${num * Math.ceil(MIN_TIMESCALE / num)}`],
  // empty_moov would write no edit list, and the picture would be late by the B-frame delay.
  // frag_discont: the fragments of a chunk go on where those of the one before end, under the same init segment.
  ...["-movflags", `+frag_keyframe+delay_moov+default_base_moof${range ? "+frag_discont+skip_trailer" : ""}`],
];
