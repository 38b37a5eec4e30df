import { extname } from "node:path";
import type { ObjectHeaders } from "../pipeline/ports.ts";

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".m3u8": "application/vnd.apple.mpegurl",
  ".mpd": "application/dash+xml",
  ".mp4": "video/mp4",
  ".m4s": "video/iso.segment",
  ".ts": "video/mp2t",
  ".vtt": "text/vtt",
  ".jpg": "image/jpeg",
  ".png": "image/png",
  ".json": "application/json",
};

/** What never changes may be kept for ever; a pointer is asked for again within seconds (RELIABILITY.md R-P6). */
const IMMUTABLE = "public,max-age=31536000,immutable";
const POINTER = "public,max-age=5,s-maxage=10";

/** Elastic Transcoder appends no extension to the keys of MPEG-DASH outputs, which are fragmented MP4. */
const DASH_OUTPUT = /^dash-[^./]+$/;

const contentType = (name: string): string =>
  DASH_OUTPUT.test(name) ? "video/mp4" : (CONTENT_TYPES[extname(name)] ?? "application/octet-stream");

/** Headers of an object inside a revision. */
export const immutableHeaders = (name: string): ObjectHeaders => ({ contentType: contentType(name), cacheControl: IMMUTABLE });

/** Headers of asset.json and the two pointers. */
export const pointerHeaders = (name: string): ObjectHeaders => ({ contentType: contentType(name), cacheControl: POINTER });
