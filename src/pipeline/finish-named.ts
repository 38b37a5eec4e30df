import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { revisionBase } from "../domain/output-layout.ts";
import type { Job } from "../domain/job.ts";
import type { PlacedPacket } from "../engines/elastic-transcoder/cuts.ts";
import { describe } from "../engines/elastic-transcoder/describe.ts";
import { masterPlaylist } from "../engines/elastic-transcoder/master.ts";
import { withKeyframesOf } from "../engines/elastic-transcoder/keyframes.ts";
import { outputKeys } from "../engines/elastic-transcoder/output-keys.ts";
import type { Preset } from "../engines/elastic-transcoder/preset.ts";
import type { Streams } from "../engines/elastic-transcoder/streams.ts";
import { streamsOf } from "../engines/elastic-transcoder/streams.ts";
import { makeFilePictures } from "../media/pictures.ts";
import { keyPlaylists } from "../packaging/key-playlists.ts";
import { pictureNames, planStoryboard, POSTER, STORYBOARD_INDEX, storyboardIndex } from "../packaging/storyboard.ts";
import { describedRecord, withKeys } from "../publish/asset-record.ts";
import type { OnSending } from "../publish/commit.ts";
import { uploadWhileEncoding } from "../publish/upload-attempt.ts";
import type { RemoteRecord } from "../state/remote-records.ts";
import { collectNamed, verifyCollected } from "./collect-named.ts";
import type { StageRun } from "./deps.ts";
import { identityOf, publishFiles, sizesOf } from "./publish-files.ts";
import type { Publication } from "./publish-files.ts";
import type { JobRun } from "./run-job.ts";
import { textLost } from "./text-lost.ts";
import { hasOldLayout } from "./transport-stage.ts";

export interface FinishNamed {
  readonly record: RemoteRecord;
  readonly outDir: string;
  /** Of the revision. */
  readonly prefix: string;
  readonly onSending: OnSending;
}

/**
 * Publishes what Elastic Transcoder made as it is: its segments lie inside one file a rendition, and its own playlists lead
 * to them through the asset's pointers. Throws OutputError and the stages' JobErrors.
 */
export async function finishNamed(
  { record, outDir, prefix, onSending }: FinishNamed,
  { deps, context, stage }: JobRun,
): Promise<"published" | "duplicate" | "stale"> {
  const { job, admitted, plan, revision, engine, state } = record;
  const { signal } = context;
  const run: StageRun = { deps, jobId: job.id, signal };
  const told = state.kind === "complete" ? state.outputs : { playlists: [], renditions: [], warnings: [] };
  const collected = await stage("fetch", () => collectNamed({ plan, told, revision, prefix, outDir }, run));
  const { measured, packets, iFrames } = await stage("verify", () => verifyCollected(collected, outDir, run));
  const pictures = await stage("pictures", () => picturesOf({ record, outDir, packets }, run));
  const { named, kept, multivariant, media } = collected;
  const streams = streamsOf({ plan, multivariant, measured, iFrames });
  const base = revisionBase(revision);
  const keys = hasOldLayout(run) ? keysOf(job, streams, deps.presets) : undefined;
  const others = keys ? { others: keyPlaylists(keys, { texts: playable(collected.texts, iFrames), base }) } : {};
  const manifests = { hls: masterPlaylist(streams, base), dash: named.manifests.dash, ...others };
  const text = await stage("text", () => textLost(record, deps, signal));
  const renamed = new Map([...kept.keys()].map((name) => [name, name]));
  const upload = uploadWhileEncoding({ store: deps.published, prefix, outDir, renditionIds: [], renamed }, signal);
  try {
    const publication: Publication = {
      ...{ job, admitted, revision, outDir, upload, engine, onSending, attached: text.attached },
      encodeSeconds: Math.max(0, (Date.now() - Date.parse(record.submittedAt)) / 1000),
      isComplete: true,
      isFirst: admitted.isNew,
    };
    const description = describe({
      ...{ plan, streams, pictures: entriesOf(pictures, revision) },
      bytes: media.reduce((sum, name) => sum + (kept.get(name) ?? 0), 0),
    });
    const degraded = [...plan.source.defects, ...text.ids];
    const files = new Map([...kept, ...(await sizesOf(pictures, outDir))]);
    const request = {
      ...publication,
      ...{ record: withKeys(describedRecord(identityOf(publication), description, degraded), keys), manifests, files },
    };
    return await stage("publish", () => publishFiles(request, deps, context));
  } finally {
    await upload.stop();
  }
}

/** The service has its streams by the names that they had there. */
function keysOf(job: Job, { pictures }: Streams, presets: readonly Preset[] = []): Readonly<Record<string, string>> {
  const keys = outputKeys(job, pictures, presets);
  const nameOf = new Map(pictures.map(({ id, playlist }) => [id, playlist.replace(/_v4\.m3u8$/, "")]));
  return Object.fromEntries(Object.entries(keys).map(([key, id]) => [key, nameOf.get(id) ?? id]));
}

/** Without the I-frame playlists that do not play. */
const playable = (texts: ReadonlyMap<string, string>, iFrames: ReadonlyMap<string, unknown>): ReadonlyMap<string, string> =>
  new Map([...texts].filter(([name]) => !name.endsWith("_iframe.m3u8") || iFrames.has(name)));

interface PictureWork {
  readonly record: RemoteRecord;
  readonly outDir: string;
  readonly packets: ReadonlyMap<string, readonly PlacedPacket[]>;
}

/** Makes poster and storyboard of the MPEG-DASH files; resolves to their names, none where keyframes come at no one interval. */
async function picturesOf({ record: { plan }, outDir, packets }: PictureWork, { deps, signal }: StageRun): Promise<readonly string[]> {
  const shown = [...packets].filter(([name]) => name.startsWith("dash-v")).toSorted(([, a], [, b]) => bytesIn(a) - bytesIn(b));
  const [smallest, largest] = [shown.at(0), shown.at(-1)];
  const timeline = smallest && withKeyframesOf(plan.timeline, smallest[1]);
  const top = plan.video.at(-1);
  if (!smallest || !largest || !timeline || !top) return [];
  const storyboard = planStoryboard(timeline, top);
  const paths = { smallest: join(outDir, smallest[0]), largest: join(outDir, largest[0]) };
  await makeFilePictures({ outDir, ...paths, storyboard }, deps.tools, signal);
  await writeFile(join(outDir, STORYBOARD_INDEX), storyboardIndex(storyboard, timeline.durationSeconds));
  return [...pictureNames(storyboard), STORYBOARD_INDEX];
}

const bytesIn = (packets: readonly PlacedPacket[]): number => packets.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

const entriesOf = (pictures: Awaited<ReturnType<typeof picturesOf>>, revision: string): Readonly<Record<string, string>> =>
  pictures.length === 0 ? {} : { poster: revisionBase(revision) + POSTER, storyboard: revisionBase(revision) + STORYBOARD_INDEX };
