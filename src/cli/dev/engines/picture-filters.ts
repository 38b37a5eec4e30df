/** How a picture is brought to a size; the services' words for it differ, these are what they mean. */
export type Sizing = "stretch" | "pad" | "fit" | "fit-no-upscale" | "fill";

export interface PictureSize {
  readonly width: number | undefined;
  readonly height: number | undefined;
  readonly sizing: Sizing;
}

const WITHIN = "force_original_aspect_ratio=decrease:force_divisible_by=2";

const FILTERS: Readonly<Record<Sizing, (width: number, height: number) => readonly string[]>> = {
  stretch: (width, height) => [`scale=${width}:${height}`],
  pad: (width, height) => [`scale=${width}:${height}:force_original_aspect_ratio=decrease`, `pad=${width}:${height}:(ow-iw)/2:(oh-ih)/2`],
  fit: (width, height) => [`scale=${width}:${height}:${WITHIN}`],
  "fit-no-upscale": (width, height) => [String.raw`scale=min(${width}\,iw):min(${height}\,ih):${WITHIN}`],
  fill: (width, height) => [`scale=${width}:${height}:force_original_aspect_ratio=increase`, `crop=${width}:${height}`],
};

/** The ffmpeg filters for it; a side that is not given follows from the other. Sides come out even. */
export function pictureFilters({ width, height, sizing }: PictureSize): readonly string[] {
  const square = ["setsar=1"];
  if (width !== undefined && height !== undefined) return [...FILTERS[sizing](width, height), ...square];
  if (width === undefined && height === undefined) return ["scale=trunc(iw/2)*2:trunc(ih/2)*2", ...square];
  return [`scale=${width ?? -2}:${height ?? -2}`, ...square];
}
