import type { AudioRendition, EncodePlan, TextRendition, VideoRendition } from "../domain/encode-plan.ts";
import { OutputError } from "../domain/errors.ts";
import { VIDEO_CODECS } from "../domain/ladder.ts";
import type { RenditionFacts } from "./facts.ts";
import type { Storyboard } from "./storyboard.ts";
import type { TransportLayout } from "./transport.ts";
import type { Cue } from "./webvtt.ts";

/** What the manifests are written from: the plan's names beside the measured figures. */
export interface Presentation {
  readonly plan: EncodePlan;
  /** Ascending by size, then in the ladder's order of codecs. */
  readonly video: readonly Measured<VideoRendition>[];
  readonly audio: readonly Measured<AudioRendition>[];
  /** Text renditions with their cues on the timeline. */
  readonly text: readonly WrittenText[];
  /** The pictures beside a video; absent until they are made. */
  readonly storyboard?: Storyboard;
  /** Absent: the asset has the layout of this version alone. */
  readonly transport?: TransportLayout;
}

export interface WrittenText {
  readonly rendition: TextRendition;
  readonly cues: readonly Cue[];
  /** Hash of the file it came in; a track of the source has none. */
  readonly sourceHash?: string;
}

export interface Measured<T> {
  readonly rendition: T;
  readonly facts: RenditionFacts;
}

/** The video renditions of each codec that there is, ascending by size; H.264 first, since every player has it. */
export const byCodec = (video: readonly Measured<VideoRendition>[]): (readonly Measured<VideoRendition>[])[] =>
  VIDEO_CODECS.map((codec) => video.filter(({ rendition }) => rendition.codec === codec)).filter((entries) => entries.length > 0);

/** Pairs every rendition of the plan with its facts. Throws OutputError output_incomplete when one is missing. */
export function present(plan: EncodePlan, facts: readonly RenditionFacts[]): Presentation {
  const byId = new Map(facts.map((rendition) => [rendition.id, rendition]));
  const pair = <T extends { readonly id: string }>(rendition: T): Measured<T> => {
    const found = byId.get(rendition.id);
    if (!found) throw new OutputError("output_incomplete", `no output for ${rendition.id}`);
    return { rendition, facts: found };
  };
  return { plan, video: plan.video.map(pair), audio: plan.audio.map(pair), text: [] };
}
