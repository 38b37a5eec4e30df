import { SourceError } from "../domain/errors.ts";
import type { Cue } from "./webvtt.ts";
import { parseCues } from "./webvtt.ts";

/** A film's subtitles are some 100 kB. */
export const MAX_TEXT_BYTES = 4 * 1024 * 1024;
/** Six hours with two cues a second. */
const MAX_CUES = 43_200;

/**
 * The cues of a .vtt or .srt file, whatever its name says. Throws SourceError: source_empty, source_too_large,
 * source_limits (too many cues), source_not_media (none at all).
 */
export function readTextFile(bytes: Uint8Array): Cue[] {
  refuseTextSize(bytes.length);
  const cues = parseCues(decodeText(bytes));
  if (cues.length === 0) throw new SourceError("source_not_media", "the file holds no cue of WebVTT or SubRip");
  if (cues.length > MAX_CUES) throw new SourceError("source_limits", `${cues.length} cues are above ${MAX_CUES}`);
  return cues;
}

/** Throws SourceError for a size that no subtitles have, before a byte is read. */
export function refuseTextSize(sizeBytes: number): void {
  if (sizeBytes === 0) throw new SourceError("source_empty", "the subtitles have no bytes");
  if (sizeBytes > MAX_TEXT_BYTES) throw new SourceError("source_too_large", `${sizeBytes} bytes of subtitles are above ${MAX_TEXT_BYTES}`);
}

/**
 * Text in the encoding its byte order mark or its zero bytes tell, else UTF-8, else Windows-1252, which old SubRip files of
 * western Europe are in and which decodes anything.
 */
export function decodeText(bytes: Uint8Array): string {
  const wide = wideEncoding(bytes);
  if (wide !== undefined) return new TextDecoder(wide).decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

const SAMPLE_BYTES = 1024;

/** UTF-16 by its mark, or because every other byte of Latin letters and digits is zero in it. */
function wideEncoding(bytes: Uint8Array): "utf-16le" | "utf-16be" | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  const sample = bytes.subarray(0, SAMPLE_BYTES);
  const zerosAt = (parity: number): number => sample.filter((byte, index) => byte === 0 && index % 2 === parity).length;
  const many = sample.length / 5;
  if (zerosAt(1) > many) return "utf-16le";
  return zerosAt(0) > many ? "utf-16be" : undefined;
}
