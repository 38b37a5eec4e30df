import { readFile } from "node:fs/promises";
import { ffmpeg } from "./clips.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export interface Grid {
  readonly columns: number;
  readonly rows: number;
  /** The pixel format of one cell: "rgb24", "gray", "yuv444p". */
  readonly format: string;
  /** Decodes only this many frames. */
  readonly frames?: number;
}

/** Every frame of a video, averaged down to a grid of cells, as bytes. */
export async function framesOf(path: string, { columns, rows, format, frames }: Grid): Promise<Buffer> {
  await using folder = await temporaryFolder();
  const filter = `scale=${columns}:${rows}:flags=area:in_color_matrix=bt709:out_color_matrix=bt709,format=${format}`;
  const limit = frames === undefined ? [] : ["-frames:v", `${frames}`];
  await ffmpeg("-i", path, "-map", "0:v:0", "-vf", filter, "-fps_mode", "passthrough", ...limit, "-f", "rawvideo", folder.in("pixels"));
  return await readFile(folder.in("pixels"));
}

/** The sound of a file as 48 kHz mono samples, from zero of its timeline. */
export async function samplesOf(path: string): Promise<Int16Array> {
  await using folder = await temporaryFolder();
  await ffmpeg("-i", path, "-map", "0:a:0", "-ac", "1", "-af", "aresample=48000:async=1:first_pts=0", "-f", "s16le", folder.in("sound"));
  const bytes = await readFile(folder.in("sound"));
  return new Int16Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 2));
}

/** Red, green, blue and white in the corners of a picture of any size, clockwise from the top left but for blue: reading order. */
export const CORNERS = [
  "drawbox=w=iw/4:h=ih/4:t=fill:c=red",
  "drawbox=x=iw*3/4:w=iw/4:h=ih/4:t=fill:c=lime",
  "drawbox=y=ih*3/4:w=iw/4:h=ih/4:t=fill:c=blue",
  "drawbox=x=iw*3/4:y=ih*3/4:w=iw/4:h=ih/4:t=fill:c=white",
].join(",");

/** The colours in the corners of the first picture, in reading order. */
export async function cornersOf(path: string): Promise<string> {
  const pixels = await framesOf(path, { columns: 8, rows: 8, format: "rgb24", frames: 1 });
  const nameAt = (x: number, y: number): string => {
    const [red = 0, green = 0, blue = 0] = pixels.subarray(3 * (8 * y + x), 3 * (8 * y + x) + 3);
    return COLOURS.get([red, green, blue].map((value) => (value > 128 ? 1 : 0)).join("")) ?? `${red},${green},${blue}`;
  };
  return [nameAt(0, 0), nameAt(7, 0), nameAt(0, 7), nameAt(7, 7)].join(" ");
}

const COLOURS: ReadonlyMap<string, string> = new Map([
  ["100", "red"],
  ["010", "green"],
  ["001", "blue"],
  ["111", "white"],
  ["000", "black"],
]);
