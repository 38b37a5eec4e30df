import { makePictures } from "../media/pictures.ts";
import type { Presentation } from "../packaging/presentation.ts";
import { byCodec } from "../packaging/presentation.ts";
import { planStoryboard } from "../packaging/storyboard.ts";
import type { StageRun } from "./deps.ts";

/** Makes poster and storyboard of what was encoded and adds the layout to the presentation; sound alone has no pictures. */
export async function picturesStage(presentation: Presentation, outDir: string, { deps, signal, key }: StageRun): Promise<Presentation> {
  // The codec that every ffmpeg can decode, and the one that decodes fastest.
  const [renditions = []] = byCodec(presentation.video);
  const [smallest, largest] = [renditions.at(0), renditions.at(-1)];
  if (!smallest || !largest) return presentation;
  const { timeline } = presentation.plan;
  const storyboard = planStoryboard(timeline, largest.rendition);
  await makePictures({ outDir, smallest: smallest.facts, largest: largest.facts, timeline, storyboard, key }, deps.tools, signal);
  return { ...presentation, storyboard };
}
