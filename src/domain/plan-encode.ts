import type { Content, Prospect } from "./content.ts";
import { reasonNotToMeasure } from "./content.ts";
import type { EncodePlan } from "./encode-plan.ts";
import type { Encryption } from "./encryption.ts";
import { publicEncryption } from "./encryption.ts";
import { estimateEncode } from "./estimate.ts";
import { fitToContent } from "./fit-content.ts";
import type { Ladder } from "./ladder.ts";
import type { LoudnessTarget } from "./loudness.ts";
import { selectRungs } from "./ladder.ts";
import { audioBesideVideo, audioOnly } from "./plan-audio.ts";
import { decidePassThrough, onGridOf } from "./pass-through.ts";
import { textRenditions } from "./plan-text.ts";
import { outputFrameRate, videoRenditions, withCopy } from "./plan-video.ts";
import type { Source, VideoTrack } from "./source.ts";
import { audioTimeline, videoTimeline } from "./timeline.ts";

/** What was found out about a source beyond its probe. */
export interface Measured {
  readonly content?: Content;
}

const NO_VIDEO: Content = { kind: "unknown", reason: "the source has no video" };

/**
 * Decides what to encode for this source with this ladder. Pure and total over probed sources: every rung of the
 * ladder is either a rendition or among `dropped` with its reason.
 */
export function planEncode(source: Source, ladder: Ladder, measured: Measured = {}): EncodePlan {
  const plan = source.video ? planVideo({ ...source, video: source.video }, ladder, measured) : planAudio(source, ladder);
  return { ...plan, estimate: estimateEncode(plan) };
}

type Unestimated = Omit<EncodePlan, "estimate">;

function planAudio(source: Source, ladder: Ladder): Unestimated {
  return {
    ladder: ladder.name,
    source,
    timeline: audioTimeline(source, ladder),
    content: NO_VIDEO,
    video: [],
    audio: audioOnly(source, ladder),
    ...levelled(ladder),
    text: [],
    dropped: ladder.rungs.map(({ shortSide }) => ({ shortSide, reason: "the source has no video" })),
    ...protection(ladder),
  };
}

function planVideo(source: Source & { readonly video: VideoTrack }, ladder: Ladder, measured: Measured): Unestimated {
  const frameRate = outputFrameRate(source.video);
  const timeline = videoTimeline(source.video, frameRate, ladder);
  const selection = selectRungs(source.video, ladder, frameRate);
  const passThrough = decidePassThrough(source.video, { rungs: selection.rungs, ladder, timeline });
  const isCopied = passThrough.kind === "copy";
  const { durationSeconds } = timeline;
  const content = measured.content ?? unmeasured({ perTitle: ladder.perTitle, sizes: selection.rungs.length, durationSeconds, isCopied });
  const { rungs, dropped, crfOffset } =
    content.kind === "measured" ? fitToContent(selection, content, ladder) : { ...selection, crfOffset: 0 };
  const video = videoRenditions(rungs, coarserBy(crfOffset, ladder));
  return {
    ladder: ladder.name,
    source,
    timeline: onGridOf(timeline, passThrough),
    content,
    video: isCopied ? withCopy(video, source.video) : video,
    audio: audioBesideVideo(source, ladder),
    ...levelled(ladder),
    text: textRenditions(source.text),
    dropped,
    passThrough,
    ...protection(ladder),
  };
}

const levelled = ({ loudness }: Ladder): { loudness?: LoudnessTarget } => (loudness ? { loudness } : {});

const protection = ({ encryption }: Ladder): { encryption?: Encryption } =>
  encryption === undefined ? {} : { encryption: publicEncryption(encryption) };

const coarserBy = (offset: number, ladder: Ladder): Ladder => ({
  ...ladder,
  codecs: ladder.codecs.map((settings) => ({ ...settings, crf: settings.crf + offset })),
});

function unmeasured(prospect: Prospect): Content {
  const reason = reasonNotToMeasure(prospect);
  return reason === undefined ? { kind: "unmeasured" } : { kind: "unknown", reason };
}
