import type { AudioRendition, EncodePlan, VideoRendition } from "../domain/encode-plan.ts";
import { OutputError } from "../domain/errors.ts";
import type { VideoCodec } from "../domain/ladder.ts";
import type { Timeline } from "../domain/timeline.ts";
import { segmentCount, segmentSeconds } from "../domain/timeline.ts";
import { segmentName } from "./compile.ts";
import type { RenditionFacts } from "./facts.ts";
import { endSeconds } from "./facts.ts";
import type { Measured, Presentation } from "./presentation.ts";

/** What is checked of every output; a metric label. */
export const VERIFICATION_CHECKS = [
  "count",
  "names",
  "codec",
  "size",
  "keyframes",
  "boundaries",
  "continuity",
  "duration",
  "frames",
  "protection",
] as const;
export type VerificationCheck = (typeof VERIFICATION_CHECKS)[number];

export interface Finding {
  readonly check: VerificationCheck;
  readonly rendition: string;
  readonly message: string;
}

/** The sample entry that each codec must be in. */
const SAMPLE_ENTRIES: Readonly<Record<VideoCodec, string>> = { h264: "avc1", hevc: "hvc1", av1: "av01" };
const AAC_FRAME = 1024;
const ROUNDING_SECONDS = 0.002;
const MISALIGNED: ReadonlySet<VerificationCheck> = new Set(["boundaries", "keyframes"]);

/**
 * Everything that is wrong with the measured output against its plan (RELIABILITY.md R-X9); empty when it may be
 * published. Pure: the caller has read the files.
 */
export function findDefects({ plan, video, audio }: Presentation): Finding[] {
  return [...video.flatMap((entry) => videoDefects(entry, plan)), ...audio.flatMap((entry) => audioDefects(entry, plan))];
}

/** Throws OutputError naming all findings: output_misaligned when boundaries are off, else output_incomplete. */
export function refuseDefects(findings: readonly Finding[]): void {
  if (findings.length === 0) return;
  const code = findings.some(({ check }) => MISALIGNED.has(check)) ? "output_misaligned" : "output_incomplete";
  const text = findings.slice(0, 5).map(({ rendition, message }) => `${rendition}: ${message}`);
  throw new OutputError(code, text.join("; "), { facts: { findings: findings.slice(0, 50) } });
}

type Report = (check: VerificationCheck, problem: string | false | undefined) => Finding[];

const reporter =
  (rendition: string): Report =>
  (check, problem) =>
    problem ? [{ check, rendition, message: problem }] : [];

function videoDefects({ rendition, facts }: Measured<VideoRendition>, plan: EncodePlan): Finding[] {
  const { timeline } = plan;
  const report = reporter(rendition.id);
  const frameSeconds = timeline.frameRate.den / timeline.frameRate.num;
  const fragments = facts.segments.flatMap((segment) => segment.fragments);
  const frames = fragments.reduce((total, fragment) => total + fragment.sampleCount, 0);
  const { picture } = facts;
  return [
    ...commonDefects(facts, timeline, { report, toleranceSeconds: frameSeconds / 2 }),
    ...report("codec", !facts.codecs.startsWith(`${SAMPLE_ENTRIES[rendition.codec]}.`) && `codec is ${facts.codecs}`),
    ...report(
      "size",
      (picture?.width !== rendition.width || picture.height !== rendition.height) &&
        `picture is ${picture?.width}x${picture?.height}, not ${rendition.width}x${rendition.height}`,
    ),
    ...report(
      "keyframes",
      fragments.some((fragment) => !fragment.startsWithSync || fragment.syncCount !== 1) && "a GOP does not start with its only keyframe",
    ),
    ...report("frames", frames !== timeline.frameCount && `${frames} frames, not ${timeline.frameCount}`),
  ];
}

function audioDefects({ rendition, facts }: Measured<AudioRendition>, { timeline }: EncodePlan): Finding[] {
  const report = reporter(rendition.id);
  const channels = facts.sound?.channels;
  return [
    ...commonDefects(facts, timeline, { report, toleranceSeconds: AAC_FRAME / rendition.sampleRate + ROUNDING_SECONDS }),
    ...report("codec", facts.codecs !== "mp4a.40.2" && `codec is ${facts.codecs}`),
    ...report("codec", channels !== rendition.channels && `${channels} channels, not ${rendition.channels}`),
  ];
}

function commonDefects(
  facts: RenditionFacts,
  timeline: Timeline,
  { report, toleranceSeconds }: { report: Report; toleranceSeconds: number },
): Finding[] {
  const { segments, timescale } = facts;
  const expected = segmentCount(timeline);
  const off = segments.findIndex(
    ({ startTicks }, index) => Math.abs(startTicks / timescale - index * segmentSeconds(timeline)) > toleranceSeconds,
  );
  const gap = segments.findIndex(
    ({ startTicks }, index) => index > 0 && Math.abs(startTicks - (segments[index - 1]?.endTicks ?? 0)) > timescale * ROUNDING_SECONDS,
  );
  const ends = endSeconds(facts);
  return [
    ...report("count", segments.length !== expected && `${segments.length} segments, not ${expected}`),
    ...report(
      "names",
      segments.some(({ name }, index) => name !== segmentName(index + 1)) && "segments are not numbered from 1 without a gap",
    ),
    ...report(
      "boundaries",
      off >= 0 &&
        `segment ${off + 1} starts at ${((segments[off]?.startTicks ?? 0) / timescale).toFixed(3)} s, not ${(off * segmentSeconds(timeline)).toFixed(3)} s`,
    ),
    ...report("continuity", gap > 0 && `segment ${gap + 1} does not follow the one before`),
    ...report(
      "duration",
      Math.abs(ends - timeline.durationSeconds) > toleranceSeconds + ROUNDING_SECONDS &&
        `ends at ${ends.toFixed(3)} s, not ${timeline.durationSeconds.toFixed(3)} s`,
    ),
  ];
}
