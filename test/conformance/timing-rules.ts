import type { Published, Rendition } from "./published.ts";
import { edgesOf, frameSeconds } from "./published.ts";
import type { Rule } from "./rule.ts";
import { ROUNDING_SECONDS, shown, when } from "./rule.ts";

/** The longest a segment may exceed the target duration by. */
const OVER_TARGET_SECONDS = 0.5;
/** An IDR in every two seconds, at least. */
const KEYFRAME_SECONDS = 2;

/** Every rendition is cut where the first one is: pictures to the frame, sound to its own frame. */
function segmentsAligned({ renditions }: Published): readonly string[] {
  const [first] = renditions;
  const reference = first ? edgesOf(first).slice(0, -1) : [];
  return renditions.flatMap((rendition) => {
    const starts = edgesOf(rendition).slice(0, -1);
    const tolerance =
      (rendition.kind === "video" && first?.kind === "video" ? frameSeconds(rendition) / 2 : AUDIO_FRAME) + ROUNDING_SECONDS;
    const off = starts.findIndex((start, index) => Math.abs(start - (reference[index] ?? Infinity)) > tolerance);
    return [
      ...when(starts.length !== reference.length, () => `${rendition.name} has ${starts.length} segments, not ${reference.length}`),
      ...when(
        off > 0 && starts.length === reference.length,
        () => `${rendition.name}: segment ${off + 1} begins at ${shown(starts[off] ?? 0)}, not ${shown(reference[off] ?? 0)}`,
      ),
    ];
  });
}

const AUDIO_FRAME = 1024 / 48_000;

/** All begin together and end together. */
function oneTimeline({ renditions }: Published): readonly string[] {
  const ranges = renditions.map((rendition) => ({ rendition, start: edgesOf(rendition)[0] ?? 0, end: edgesOf(rendition).at(-1) ?? 0 }));
  const [first] = ranges;
  const tolerance = Math.max(...renditions.map(frameSeconds)) + ROUNDING_SECONDS;
  return ranges.flatMap(({ rendition, start, end }) => [
    ...when(Math.abs(start) > ROUNDING_SECONDS + AUDIO_FRAME, () => `${rendition.name} begins at ${shown(start)}`),
    ...when(
      first !== undefined && Math.abs(end - first.end) > tolerance,
      () => `${rendition.name} ends at ${shown(end)}, not ${shown(first?.end ?? 0)}`,
    ),
  ]);
}

/** A segment that can be decoded by itself begins with a sync sample; of H.264, with an IDR picture (ISO/IEC 14496-15). */
function startsWithSync({ renditions }: Published): readonly string[] {
  return videos(renditions).flatMap(({ name, segments, stream }) =>
    segments.flatMap(({ samples, bytes }, index) => {
      const [first] = samples;
      const isIdr =
        stream.codec_name !== "h264" ||
        (first !== undefined && nalTypes(bytes.subarray(first.offset, first.offset + first.sizeBytes)).includes(5));
      return when(!first?.isKeyframe || !isIdr, () => `${name}: segment ${index + 1} does not start with an IDR`);
    }),
  );
}

function nalTypes(sample: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at + 4 < sample.length; at += 4 + sample.readUInt32BE(at)) types.push((sample[at + 4] ?? 0) & 0x1f);
  return types;
}

/** Seeking and trick play need a keyframe every two seconds. */
function keyframesOften({ renditions }: Published): readonly string[] {
  return videos(renditions).flatMap((rendition) => {
    const keys = keyTimes(rendition);
    const gaps = keys.slice(1).map((key, index) => key - (keys[index] ?? 0));
    return when(
      Math.max(0, ...gaps) > KEYFRAME_SECONDS + frameSeconds(rendition) + ROUNDING_SECONDS,
      () => `${rendition.name}: ${shown(Math.max(...gaps))} s between keyframes`,
    );
  });
}

/** Presentation times of a rendition's keyframes. */
export const keyTimes = ({ segments }: Rendition): number[] =>
  segments.flatMap(({ samples }) => samples.filter(({ isKeyframe }) => isKeyframe).map(({ startSeconds }) => startSeconds));

export const videos = (renditions: readonly Rendition[]): readonly Rendition[] => renditions.filter(({ kind }) => kind === "video");

/** Each segment goes on where the one before ended. */
function continuous({ renditions }: Published): readonly string[] {
  return renditions.flatMap((rendition) =>
    rendition.segments.flatMap(({ samples }, index) => {
      const before = rendition.segments[index - 1]?.samples.at(-1);
      const next = samples[0]?.decodeSeconds ?? 0;
      const gap = before === undefined ? 0 : next - before.decodeSeconds - before.durationSeconds;
      return when(
        Math.abs(gap) > frameSeconds(rendition) / 2 + ROUNDING_SECONDS,
        () => `${rendition.name}: ${shown(gap)} s before segment ${index + 1}`,
      );
    }),
  );
}

/** The EXTINFs of any contiguous run add up to what the media lasts, within a frame. */
function extinfAgainstMedia({ renditions }: Published): readonly string[] {
  return renditions.flatMap((rendition) => {
    const edges = edgesOf(rendition);
    let listed = 0;
    const drift = [
      0,
      ...rendition.playlist.segments.map(({ seconds }, index) => (listed += seconds) - ((edges[index + 1] ?? 0) - (edges[0] ?? 0))),
    ];
    const worst = Math.max(...drift) - Math.min(...drift);
    return when(worst > frameSeconds(rendition) + ROUNDING_SECONDS, () => `${rendition.name}: EXTINF is off by ${shown(worst)} s`);
  });
}

/** One target duration for all, that no EXTINF rounds above and no segment exceeds by more than half a second. */
function targetDurations({ renditions }: Published): readonly string[] {
  const targets = new Set(renditions.map(({ playlist }) => playlist.targetDuration));
  return [
    ...when(targets.size > 1, () => `target durations differ: ${[...targets].join(", ")}`),
    ...renditions.flatMap(({ name, playlist: { targetDuration = 0, segments } }) =>
      segments.flatMap(({ seconds, uri }) =>
        when(
          Math.round(seconds) > targetDuration || seconds > targetDuration + OVER_TARGET_SECONDS,
          () => `${name}/${uri}: ${seconds} s with a target of ${targetDuration}`,
        ),
      ),
    ),
  ];
}

/** Rules about when things are. */
export const TIMING_RULES: readonly Rule[] = [
  { id: "segments-aligned", source: "[8.22], RFC 8216bis 6.2.4", check: segmentsAligned },
  { id: "one-timeline", source: "[8.3, 8.7], RFC 8216bis 6.2.4", check: oneTimeline },
  { id: "starts-with-sync", source: "[7.4], ISO/IEC 23000-19 7.3.2.3", check: startsWithSync },
  { id: "keyframes-often", source: "[1.13]", check: keyframesOften },
  { id: "continuous", source: "[7.1, 7.3], ISO/IEC 23000-19 7.3.2.2", check: continuous },
  { id: "extinf-against-media", source: "[8.1], RFC 8216 4.3.2.1", check: extinfAgainstMedia },
  { id: "target-durations", source: "[7.5-7.7, 8.2], RFC 8216 4.3.3.1", check: targetDurations },
];
