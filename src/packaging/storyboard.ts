import type { VideoRendition } from "../domain/encode-plan.ts";
import { gopSeconds } from "../domain/timeline.ts";
import type { Timeline } from "../domain/timeline.ts";

/** How keyframes are laid out on sprite sheets. Tile sizes in pixels. */
export interface Storyboard {
  /** Every so many keyframes one is shown. */
  readonly everyKeyframes: number;
  readonly intervalSeconds: number;
  readonly tileCount: number;
  readonly columns: number;
  readonly rows: number;
  readonly tileWidth: number;
  readonly tileHeight: number;
}

/** Names inside a revision; `storyboard/<n>.jpg` counts from 1. */
export const STORYBOARD_FOLDER = "storyboard";
export const STORYBOARD_INDEX = "storyboard.vtt";
export const POSTER = "poster.jpg";

/** Two hours of film get a picture every 12 s; a short clip one at each keyframe. */
const MAX_TILES = 600;
const SHEET_SIDE = 10;
const TILE_LONG_SIDE = 160;

/** The layout for a timeline whose pictures look like `rendition`. */
export function planStoryboard(timeline: Timeline, { width, height }: Pick<VideoRendition, "width" | "height">): Storyboard {
  const keyframes = Math.ceil(timeline.frameCount / timeline.gopFrames);
  const everyKeyframes = Math.ceil(keyframes / MAX_TILES);
  const tileCount = Math.ceil(keyframes / everyKeyframes);
  const columns = Math.min(SHEET_SIDE, tileCount);
  const scale = TILE_LONG_SIDE / Math.max(width, height);
  const side = (pixels: number): number => Math.max(2, 2 * Math.round((pixels * scale) / 2));
  return {
    everyKeyframes,
    intervalSeconds: everyKeyframes * gopSeconds(timeline),
    tileCount,
    columns,
    rows: Math.min(SHEET_SIDE, Math.ceil(tileCount / columns)),
    tileWidth: side(width),
    tileHeight: side(height),
  };
}

/** How many sheets there are; the last one is filled up with black. */
export const sheetCount = ({ tileCount, columns, rows }: Storyboard): number => Math.ceil(tileCount / (columns * rows));

/** The name of the n-th sheet inside the revision, counted from 1. */
export const sheetName = (number: number): string => `${STORYBOARD_FOLDER}/${number}.jpg`;

/** Every picture of a revision by its name inside it. */
export const pictureNames = (storyboard: Storyboard): string[] => [
  POSTER,
  ...Array.from({ length: sheetCount(storyboard) }, (_, index) => sheetName(index + 1)),
];

/** The WebVTT that players show thumbnails from: contiguous cues, each a tile of a sheet (Media Fragments 4.2.2). */
export function storyboardIndex(storyboard: Storyboard, durationSeconds: number): string {
  const cues = Array.from({ length: storyboard.tileCount }, (_, tile) => {
    const start = tile * storyboard.intervalSeconds;
    const end = tile + 1 === storyboard.tileCount ? durationSeconds : start + storyboard.intervalSeconds;
    return `${clock(start)} --> ${clock(end)}\n${tileUri(tile, storyboard)}`;
  });
  return `WEBVTT\n\n${cues.join("\n\n")}\n`;
}

function tileUri(tile: number, { columns, rows, tileWidth, tileHeight }: Storyboard): string {
  const onSheet = tile % (columns * rows);
  const [x, y] = [(onSheet % columns) * tileWidth, Math.floor(onSheet / columns) * tileHeight];
  return `${sheetName(Math.floor(tile / (columns * rows)) + 1)}#xywh=${x},${y},${tileWidth},${tileHeight}`;
}

/** hh:mm:ss.mmm of W3C WebVTT. */
export function clock(seconds: number): string {
  const milliseconds = Math.round(seconds * 1000);
  const part = (value: number, digits: number): string => String(value).padStart(digits, "0");
  const [hours, minutes] = [Math.floor(milliseconds / 3_600_000), Math.floor(milliseconds / 60_000) % 60];
  return `${part(hours, 2)}:${part(minutes, 2)}:${part(Math.floor(milliseconds / 1000) % 60, 2)}.${part(milliseconds % 1000, 3)}`;
}
