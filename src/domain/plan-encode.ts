import type { EncodePlan } from "./encode-plan.ts";
import type { Encryption } from "./encryption.ts";
import { publicEncryption } from "./encryption.ts";
import type { Ladder } from "./ladder.ts";
import { selectRungs } from "./ladder.ts";
import { audioBesideVideo, audioOnly } from "./plan-audio.ts";
import { decidePassThrough, onGridOf } from "./pass-through.ts";
import { textRenditions } from "./plan-text.ts";
import { outputFrameRate, videoRenditions, withCopy } from "./plan-video.ts";
import type { Source } from "./source.ts";
import { audioTimeline, videoTimeline } from "./timeline.ts";

/**
 * Decides what to encode for this source with this ladder. Pure and total over probed sources: every rung of the
 * ladder is either a rendition or among `dropped` with its reason.
 */
export function planEncode(source: Source, ladder: Ladder): EncodePlan {
  const loudness = ladder.loudness ? { loudness: ladder.loudness } : {};
  if (!source.video) {
    const timeline = audioTimeline(source, ladder);
    return {
      ladder: ladder.name,
      source,
      timeline,
      video: [],
      audio: audioOnly(source, ladder),
      ...loudness,
      text: [],
      dropped: ladder.rungs.map(({ shortSide }) => ({ shortSide, reason: "the source has no video" })),
      ...protection(ladder),
    };
  }
  const frameRate = outputFrameRate(source.video);
  const timeline = videoTimeline(source.video, frameRate, ladder);
  const { rungs, dropped } = selectRungs(source.video, ladder, frameRate);
  const passThrough = decidePassThrough(source.video, { rungs, ladder, timeline });
  const video = videoRenditions(rungs, ladder);
  return {
    ladder: ladder.name,
    source,
    timeline: onGridOf(timeline, passThrough),
    video: passThrough.kind === "copy" ? withCopy(video, source.video) : video,
    audio: audioBesideVideo(source, ladder),
    ...loudness,
    text: textRenditions(source.text),
    dropped,
    passThrough,
    ...protection(ladder),
  };
}

const protection = ({ encryption }: Ladder): { encryption?: Encryption } =>
  encryption === undefined ? {} : { encryption: publicEncryption(encryption) };
