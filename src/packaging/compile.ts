import type { EncodePlan, Rendition } from "../domain/encode-plan.ts";
import { gopSeconds, segmentSeconds } from "../domain/timeline.ts";

/** Names inside a rendition's folder; five digits are ten years of six-second segments less than anyone encodes. */
export const INIT_NAME = "init.mp4";
const SEGMENT_TEMPLATE = "$Number%05d$.m4s";

/** The file name of the n-th segment, counted from 1. */
export const segmentName = (number: number): string => `${String(number).padStart(5, "0")}.m4s`;

/**
 * The packager argv: one CMAF track per pipe, cut on the plan's grid. Its own playlists are not asked for: their figures
 * are wrong (MEDIA.md), ours are written from the measured segments.
 */
export function compilePackager(plan: EncodePlan, pipeOf: (id: string) => string, folderOf: (id: string) => string): readonly string[] {
  const { timeline, video, audio } = plan;
  return [
    ...[...video, ...audio].map((rendition) => descriptor(rendition, pipeOf(rendition.id), folderOf(rendition.id))),
    // A fragment is one GOP, so that every IDR starts a moof and can be an I-frame range.
    ...["--fragment_duration", decimal(gopSeconds(timeline)), "--segment_duration", decimal(segmentSeconds(timeline))],
    // The default is 32 MiB a stream; smaller costs less processor time as well.
    ...["--io_cache_size", "1048576"],
    "--quiet",
  ];
}

function descriptor({ kind }: Rendition, pipe: string, folder: string): string {
  return [`in=${pipe}`, `stream=${kind}`, `init_segment=${folder}/${INIT_NAME}`, `segment_template=${folder}/${SEGMENT_TEMPLATE}`].join(
    ",",
  );
}

const decimal = (value: number): string => value.toFixed(9).replace(/\.?0+$/, "");
