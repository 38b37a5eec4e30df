import type { VideoRendition } from "../domain/encode-plan.ts";
import type { Rational } from "../domain/rational.ts";
import { formatRational } from "../domain/rational.ts";
import type { BandwidthOf } from "./dash-elements.ts";
import { contentProtection } from "./dash-protection.ts";
import { role, segmentTemplate } from "./dash-elements.ts";
import type { Measured, Presentation } from "./presentation.ts";
import { byCodec } from "./presentation.ts";
import { element } from "./xml.ts";

/** Adaptation set ids of further codecs count from here. */
const FIRST_FURTHER_ID = 1000;

/**
 * The adaptation sets of the picture: one a codec, H.264 first. No adaptation-set-switching property ties them: Shaka
 * Player takes the cheapest codec that it can play as it is, dash.js would then climb from AV1 to H.264 of the same size,
 * which has more bits.
 */
export const videoSets = ({ plan, video }: Presentation, bandwidthOf: BandwidthOf): string[] =>
  byCodec(video).map((entries, index) => {
    const top = entries.at(-1)?.rendition;
    const { frameRate } = plan.timeline;
    const attributes = {
      id: index === 0 ? 0 : FIRST_FURTHER_ID + index - 1,
      contentType: "video",
      segmentAlignment: "true",
      startWithSAP: 1,
      maxWidth: top?.width,
      maxHeight: top?.height,
      maxFrameRate: formatRational(frameRate),
    };
    return element("AdaptationSet", attributes, [
      ...contentProtection(entries[0]?.facts, plan.encryption),
      role("main"),
      ...entries.toReversed().map((entry) => videoRepresentation(entry, frameRate, bandwidthOf)),
    ]);
  });

function videoRepresentation({ rendition, facts }: Measured<VideoRendition>, frameRate: Rational, bandwidthOf: BandwidthOf): string {
  const { id, width, height } = rendition;
  const attributes = {
    id,
    bandwidth: bandwidthOf(facts),
    codecs: facts.codecs,
    mimeType: "video/mp4",
    width,
    height,
    frameRate: formatRational(frameRate),
    sar: "1:1",
  };
  return element("Representation", attributes, [segmentTemplate(facts)]);
}
