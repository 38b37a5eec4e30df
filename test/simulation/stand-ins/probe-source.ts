import type { probeSource as original } from "../../../src/media/probe-source.ts";
import { aSource, aVideoTrack } from "../../helpers/sources.ts";

/** Whatever is on disk is a small clip of two segments without sound. */
export const probeSource: typeof original = async (_path, _tools, signal) => {
  signal.throwIfAborted();
  const video = aVideoTrack({ displayWidth: 426, displayHeight: 240, durationSeconds: 12, frameCount: 360 });
  return aSource({ video, audio: [], durationSeconds: 12 });
};
