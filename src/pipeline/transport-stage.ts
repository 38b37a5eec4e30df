import { rm } from "node:fs/promises";
import type { Job } from "../domain/job.ts";
import { segmentSeconds } from "../domain/timeline.ts";
import { outputKeys } from "../engines/elastic-transcoder/output-keys.ts";
import { GROUP_BYTES, joinRendition, makeTransport } from "../media/make-transport.ts";
import type { RenditionFacts } from "../packaging/facts.ts";
import type { Presentation } from "../packaging/presentation.ts";
import type { TransportStream } from "../packaging/transport.ts";
import type { StageRun } from "./deps.ts";
import { requireSpace } from "./disk.ts";

/** Whether what is published has the layout of Elastic Transcoder as well. */
export const hasOldLayout = ({ deps: { settings } }: Pick<StageRun, "deps">): boolean =>
  settings.compat?.outputLayout === "elastic-transcoder";

/** Tables, headers of packets and what fills the last packet of each picture. */
const TRANSPORT_FACTOR = 1.3;

/**
 * Adds the layout of Elastic Transcoder, where it is configured: what is H.264 and in clear once more as MPEG-TS with the
 * default sound inside. Throws ResourceError disk_full, and what `makeTransport` throws.
 */
export async function transportStage(
  presentation: Presentation,
  { job, outDir }: { readonly job: Job; readonly outDir: string },
  run: StageRun,
): Promise<Presentation> {
  const pictures = presentation.video.filter(({ rendition }) => rendition.codec === "h264");
  if (!hasOldLayout(run) || presentation.plan.encryption || pictures.length === 0) return presentation;
  const making = { outDir, sound: soundOf(presentation), segmentSeconds: segmentSeconds(presentation.plan.timeline) };
  const streams = await streamsOf(
    pictures.map(({ facts }) => facts),
    making,
    run,
  );
  const sizes = pictures.map(({ rendition: { id, width, height } }) => ({ id, width, height }));
  return { ...presentation, transport: { streams, keys: outputKeys(job, sizes, run.deps.presets ?? []) } };
}

const soundOf = ({ audio }: Presentation): RenditionFacts | undefined =>
  (audio.find(({ rendition }) => rendition.isDefault) ?? audio[0])?.facts;

interface Making {
  readonly outDir: string;
  readonly sound: RenditionFacts | undefined;
  readonly segmentSeconds: number;
}

/** One after the other: each lies there in one file besides while it is made. */
async function streamsOf(
  pictures: readonly RenditionFacts[],
  { sound, ...making }: Making,
  { deps: { settings, tools }, signal }: StageRun,
): Promise<readonly TransportStream[]> {
  const { workDir, disk, limits } = settings;
  const soundPath = sound && (await joinRendition(sound, making.outDir, signal));
  const streams: TransportStream[] = [];
  try {
    for (const picture of pictures) {
      const written = TRANSPORT_FACTOR * (bytesOf(picture) + (sound ? bytesOf(sound) : 0));
      await requireSpace(workDir, bytesOf(picture) + written + GROUP_BYTES, disk.minimumFreeBytes);
      streams.push(await makeTransport({ ...making, picture, soundPath }, { ...tools, limits }, signal));
    }
    return streams;
  } finally {
    if (soundPath !== undefined) await rm(soundPath, { force: true });
  }
}

const bytesOf = ({ initBytes, segments }: RenditionFacts): number =>
  segments.reduce((total, { sizeBytes }) => total + sizeBytes, initBytes);
