import { readFile } from "node:fs/promises";
import type { EncodePlan } from "../domain/encode-plan.ts";
import { SourceError } from "../domain/errors.ts";
import type { SourceRef } from "../domain/job.ts";
import { readTextFile, refuseTextSize } from "../packaging/read-text.ts";
import { isBounded } from "../packaging/text-playlist.ts";
import type { Cue } from "../packaging/webvtt.ts";
import { onTimeline } from "../packaging/webvtt.ts";
import { sha256 } from "../publish/identity.ts";
import type { SourceStore } from "./ports.ts";

/** A file of subtitles as it was read. */
export interface TextFile {
  /** Times as the file has them: its clock begins with the source. */
  readonly cues: readonly Cue[];
  /** Hash of its bytes: the same file is not attached twice. */
  readonly sourceHash: string;
}

/**
 * Brings a file of subtitles to `path` and reads it. Throws SourceError: source_not_found, source_empty, source_too_large,
 * source_limits, source_not_media; SourceChanged when it is overwritten meanwhile.
 */
export async function fetchText(ref: SourceRef, path: string, from: { sources: SourceStore; signal: AbortSignal }): Promise<TextFile> {
  const { sources, signal } = from;
  const object = await sources.head(ref, signal);
  refuseTextSize(object.sizeBytes);
  await sources.download(object, path, { signal });
  const bytes = await readFile(path);
  return { cues: readTextFile(bytes), sourceHash: sha256(bytes).slice(0, 32) };
}

/** Cues whose clock begins with the source, on the one timeline. Throws SourceError source_limits when they would weigh too much. */
export function placeCues(cues: readonly Cue[], { source, timeline }: Pick<EncodePlan, "source" | "timeline">): Cue[] {
  // Players start a file beside a film with the container's clock, as ffmpeg does with the tracks inside it.
  const shiftSeconds = source.startSeconds - timeline.sourceStartSeconds;
  const placed = onTimeline(cues, shiftSeconds, timeline.durationSeconds);
  if (isBounded(placed, timeline)) return placed;
  throw new SourceError("source_limits", "the cues are shown so long that every segment would hold most of the file");
}

/** The same for a file that somebody means to be shown: throws SourceError source_not_media when no cue is within the programme. */
export function placeFile({ cues }: TextFile, plan: Pick<EncodePlan, "source" | "timeline">): Cue[] {
  const placed = placeCues(cues, plan);
  if (placed.length > 0) return placed;
  throw new SourceError("source_not_media", `no cue is within the ${plan.timeline.durationSeconds.toFixed(1)} s of the programme`);
}
