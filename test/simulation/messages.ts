import type { Errand } from "./promises.ts";
import type { ModelQueue } from "./model-queue.ts";
import type { ModelUploads } from "./model-uploads.ts";
import { UPLOADS } from "./model-uploads.ts";
import type { PlannedJob, PlannedUpload, Scenario } from "./scenario.ts";
import { ASSET_PATH, DEFAULT_LADDER } from "./scenario.ts";
import type { World } from "./world.ts";

export interface Outside {
  readonly world: World;
  readonly scenario: Scenario;
  readonly uploads: ModelUploads;
  readonly queue: ModelQueue;
  /** Where each message that was sent is written down. */
  readonly errands: Errand[];
}

/** Lets the outside upload and ask as the scenario has it. Returns how many messages that will be. */
export function playOutside(outside: Outside): number {
  const { scheduler } = outside.world;
  const { uploads, jobs } = outside.scenario;
  for (const planned of uploads)
    scheduler.after(planned.atMs, { label: `upload of ${planned.key}`, act: () => doUpload(planned, outside) });
  for (const planned of jobs) scheduler.after(planned.atMs, { label: "somebody asks", act: () => ask(planned, outside) });
  return uploads.reduce((sum, { messagesAfterMs }) => sum + messagesAfterMs.length, jobs.length);
}

function doUpload(planned: PlannedUpload, { world, scenario, uploads, queue, errands }: Outside): void {
  const { key, etag, content, messagesAfterMs } = planned;
  const { versionId } = uploads.upload({ key, etag, content });
  world.note(`outside uploads ${key} ${etag}`);
  const upload = key.endsWith(".vtt") ? undefined : uploads.history.length - 1;
  const createdAt = new Date().toISOString();
  const body = eventOf(planned, createdAt, scenario.isVersioned ? versionId : undefined);
  const wish = { assetPath: ASSET_PATH, key, upload, ladder: DEFAULT_LADDER, createdAt };
  for (const afterMs of messagesAfterMs)
    world.scheduler.after(afterMs, { label: `event of ${key}`, act: () => errands.push({ ...wish, message: queue.send(body) }) });
}

function ask({ upload, pins, assetPath, ladder }: PlannedJob, { world, scenario, uploads, queue, errands }: Outside): void {
  const key = scenario.uploads[upload]?.key ?? "";
  const versionId = pins ? uploads.history[upload]?.versionId : undefined;
  const wishes = { ...(assetPath === undefined ? {} : { assetPath }), ...(ladder === undefined ? {} : { ladder }) };
  const source = { bucket: UPLOADS, key, ...(versionId === undefined ? {} : { versionId }) };
  const message = queue.send(JSON.stringify({ ladderd: 1, source, ...wishes }));
  const createdAt = new Date(message.sentAtMs).toISOString();
  world.note(`outside asks for ${JSON.stringify({ key, versionId, ...wishes })} by ${message.id}`);
  errands.push({ message, key, upload, createdAt, assetPath: assetPath ?? ASSET_PATH, ladder: ladder ?? DEFAULT_LADDER, isPinned: pins });
}

/** The message that S3 sends of an upload. */
function eventOf({ key, etag, content }: PlannedUpload, eventTime: string, versionId: string | undefined): string {
  const object = { key, size: content.length, eTag: etag, sequencer: "00", ...(versionId === undefined ? {} : { versionId }) };
  const record = {
    eventVersion: "2.1",
    eventSource: "aws:s3",
    awsRegion: "eu-central-1",
    eventTime,
    eventName: "ObjectCreated:Put",
    s3: { bucket: { name: UPLOADS }, object },
  };
  return JSON.stringify({ Records: [record] });
}
