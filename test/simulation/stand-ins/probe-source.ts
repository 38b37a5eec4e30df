import { readFileSync } from "node:fs";
import type { probeSource as original } from "../../../src/media/probe-source.ts";
import { aSource, aVideoTrack } from "../../helpers/sources.ts";
import { LONG } from "./contents.ts";

/** Whatever is on disk is a small clip without sound: of two segments, or of four if it says so. */
export const probeSource: typeof original = async (path, _tools, signal) => {
  signal.throwIfAborted();
  const isLong = readFileSync(path, "utf8").startsWith(LONG);
  const durationSeconds = isLong ? 24 : 12;
  const size = isLong ? { displayWidth: 640, displayHeight: 360 } : { displayWidth: 426, displayHeight: 240 };
  const video = aVideoTrack({ ...size, durationSeconds, frameCount: durationSeconds * 30 });
  return aSource({ video, audio: [], durationSeconds });
};
