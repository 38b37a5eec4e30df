import type { VideoTrack } from "../../domain/source.ts";

const TURNS: Readonly<Record<VideoTrack["rotation"], readonly string[]>> = {
  0: [],
  90: ["transpose=clock"],
  180: ["hflip", "vflip"],
  270: ["transpose=cclock"],
};

/** Makes the picture upright by what the probe found, whatever the program at hand would make of matrix and tag. */
export const upright = ({ rotation, mirrored }: VideoTrack): readonly string[] => [...TURNS[rotation], ...(mirrored ? ["hflip"] : [])];
