import type { TextRendition } from "../domain/encode-plan.ts";
import type { Timeline } from "../domain/timeline.ts";
import { role } from "./dash-elements.ts";
import type { Storyboard } from "./storyboard.ts";
import { STORYBOARD_FOLDER } from "./storyboard.ts";
import { WHOLE_TEXT } from "./text-playlist.ts";
import { element } from "./xml.ts";

/** Of the order of what sheets need; players fetch them apart from the media. */
const THUMBNAIL_BPS = 10_000;
const TEXT_BPS = 256;
/** Adaptation set ids of text count from here. */
export const FIRST_TEXT_ID = 200;

/** One side-loaded file a track (DASH-IF IOP 6.4.5): dash.js stops at segmented raw WebVTT. */
export function textSet(rendition: TextRendition, setId: number): string {
  const { id, language, name } = rendition;
  const representation = element("Representation", { id, bandwidth: TEXT_BPS }, [element("BaseURL", {}, `${id}/${WHOLE_TEXT}`)]);
  const attributes = { id: setId, contentType: "text", lang: language, mimeType: "text/vtt" };
  return element("AdaptationSet", attributes, [element("Label", {}, name), role(roleOf(rendition)), representation]);
}

/** The DASH role scheme (ISO/IEC 23009-1 table 36): captions are for those who do not hear. */
function roleOf({ forced, sdh }: Pick<TextRendition, "forced" | "sdh">): string {
  if (forced) return "forced-subtitle";
  return sdh ? "caption" : "subtitle";
}

/** Thumbnails for seeking (DASH-IF IOP 6.2.6): every segment is a sheet of tiles. */
export function imageSet(storyboard: Storyboard, { gopFrames, frameRate }: Timeline): string {
  const { columns, rows, everyKeyframes, tileWidth, tileHeight } = storyboard;
  const template = element("SegmentTemplate", {
    media: `${STORYBOARD_FOLDER}/$Number$.jpg`,
    timescale: frameRate.num,
    duration: everyKeyframes * gopFrames * frameRate.den * columns * rows,
    startNumber: 1,
  });
  const tiles = element("EssentialProperty", { schemeIdUri: "http://dashif.org/guidelines/thumbnail_tile", value: `${columns}x${rows}` });
  const size = { width: columns * tileWidth, height: rows * tileHeight };
  const representation = element("Representation", { id: STORYBOARD_FOLDER, bandwidth: THUMBNAIL_BPS, ...size }, [tiles]);
  return element("AdaptationSet", { id: 100, contentType: "image", mimeType: "image/jpeg" }, [template, representation]);
}
