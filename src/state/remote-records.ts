import { z } from "zod";
import type { EncodePlan } from "../domain/encode-plan.ts";
import { StorageError } from "../domain/errors.ts";
import type { EngineName, Job } from "../domain/job.ts";
import { ENGINES } from "../domain/job.ts";
import type { RemoteEngineName } from "../engines/remote.ts";
import type { RemoteState } from "../engines/remote-state.ts";
import { mergeState } from "../engines/remote-state.ts";
import type { Admitted } from "../pipeline/admit.ts";
import type { ObjectStore } from "../pipeline/ports.ts";
import { PreconditionFailed } from "../pipeline/ports.ts";
import { remoteState } from "./remote-state-record.ts";

/** What a person finds in jobs/remote/<engine>/<id>.json: a job that a service works at, with all it takes to finish it. */
export interface RemoteRecord {
  readonly ladderd: 1;
  readonly engine: RemoteEngineName;
  /** The service's id of the job. */
  readonly remoteId: string;
  /** Claim and attempt, as they travel with the remote job. */
  readonly token: string;
  /** Of the message that asked for it. */
  readonly messageId: string;
  readonly submittedAt: string;
  readonly job: Job;
  readonly admitted: Admitted;
  readonly revision: string;
  readonly plan: EncodePlan;
  /** Engines that failed this job before. */
  readonly tried: readonly EngineName[];
  /** The furthest that anybody told of. */
  readonly state: RemoteState;
  /** Another engine does the job since: what this one still makes is removed. */
  readonly givenUpAt?: string;
}

const schema = z.looseObject({
  ladderd: z.literal(1),
  engine: z.enum(ENGINES).exclude(["ffmpeg"]),
  remoteId: z.string(),
  token: z.string(),
  messageId: z.string(),
  submittedAt: z.iso.datetime(),
  job: z.looseObject({ id: z.string(), source: z.looseObject({ bucket: z.string(), key: z.string() }) }),
  admitted: z.looseObject({
    kind: z.literal("admitted"),
    ladderHash: z.string(),
    assetPath: z.string(),
    sourceId: z.string(),
    object: z.looseObject({ etag: z.string(), sizeBytes: z.number() }),
  }),
  revision: z.string(),
  plan: z.looseObject({
    source: z.looseObject({ audio: z.array(z.unknown()) }),
    timeline: z.looseObject({ durationSeconds: z.number(), frameCount: z.number() }),
    video: z.array(z.looseObject({ id: z.string() })),
    audio: z.array(z.looseObject({ id: z.string() })),
    text: z.array(z.looseObject({ id: z.string() })),
  }),
  tried: z.array(z.enum(ENGINES)),
  state: remoteState,
  givenUpAt: z.iso.datetime().exactOptional(),
});

/** A record with the ETag that its next change names. */
export interface StoredRemote {
  readonly record: RemoteRecord;
  readonly etag: string;
}

/** What names one remote job. */
export interface RemoteName {
  readonly engine: RemoteEngineName;
  readonly remoteId: string;
}

type Store = Pick<ObjectStore, "readText" | "writeText">;

const PREFIX = "jobs/remote/";
const HEADERS = { contentType: "application/json", cacheControl: "no-store" };
/** Both services' ids are letters, digits and hyphens; others come from nobody we know and make no key. */
const ID = /^[\w-]{1,128}$/;
const NAME = new RegExp(String.raw`^${PREFIX}(?<engine>[a-z-]+)/(?<remoteId>[\w-]{1,128})\.json$`);
const MAX_ROUNDS = 8;

const keyOf = ({ engine, remoteId }: RemoteName): string => `${PREFIX}${engine}/${remoteId}.json`;

/**
 * Writes the record of a job that was just submitted. One that is there already stays: an event may have moved it on. Throws
 * StorageError for an id that makes no key, and the store's JobErrors.
 */
export async function createRemoteRecord(store: Pick<ObjectStore, "writeText">, record: RemoteRecord, signal: AbortSignal): Promise<void> {
  if (!ID.test(record.remoteId)) throw new StorageError(`${record.engine} gave a job an id that makes no key: ${record.remoteId}`);
  await write(store, { record, condition: { kind: "absent" } }, signal);
}

/** The record of a remote job; undefined when there is none of ours. */
export async function readRemoteRecord(
  store: Pick<ObjectStore, "readText">,
  name: RemoteName,
  signal: AbortSignal,
): Promise<StoredRemote | undefined> {
  if (!ID.test(name.remoteId)) return undefined;
  const there = await store.readText(keyOf(name), signal);
  const record = there && parse(there.text);
  return record && { record, etag: there.etag };
}

/** The remote jobs that nobody has settled yet. */
export async function listRemoteRecords(store: Pick<ObjectStore, "list">, signal: AbortSignal): Promise<readonly RemoteName[]> {
  const objects = await store.list(PREFIX, signal);
  return objects.flatMap(({ key }) => {
    const { engine, remoteId } = NAME.exec(key)?.groups ?? {};
    const known = ENGINES.find((name) => name === engine);
    return known === undefined || known === "ffmpeg" || remoteId === undefined ? [] : [{ engine: known, remoteId }];
  });
}

/** Removes the record of a job that is settled. */
export const removeRemoteRecord = (store: Pick<ObjectStore, "remove">, name: RemoteName, signal: AbortSignal): Promise<void> =>
  store.remove([keyOf(name)], signal);

/**
 * The record after one more telling of its state, in the store as well: late, doubled and disordered tellings change nothing,
 * and of two at one time none is lost. Undefined when there is no record.
 */
export const mergeIntoRecord = (
  store: Store,
  { name, state }: { readonly name: RemoteName; readonly state: RemoteState },
  signal: AbortSignal,
): Promise<StoredRemote | undefined> =>
  change(store, { name, next: (record) => ({ ...record, state: mergeState(record.state, state) }) }, signal);

/** Notes that another engine does the job from now on; the first note stays. Undefined when there is no record. */
export const giveUpRecord = (
  store: Store,
  { name, at }: { readonly name: RemoteName; readonly at: Date },
  signal: AbortSignal,
): Promise<StoredRemote | undefined> => change(store, { name, next: (record) => ({ givenUpAt: at.toISOString(), ...record }) }, signal);

interface Change {
  readonly name: RemoteName;
  readonly next: (record: RemoteRecord) => RemoteRecord;
}

async function change(store: Store, { name, next }: Change, signal: AbortSignal): Promise<StoredRemote | undefined> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const there = await readRemoteRecord(store, name, signal);
    if (!there) return undefined;
    const record = next(there.record);
    if (JSON.stringify(record) === JSON.stringify(there.record)) return there;
    const etag = await write(store, { record, condition: { kind: "match", etag: there.etag } }, signal);
    if (etag !== undefined) return { record, etag };
  }
  throw new StorageError(`${keyOf(name)} changed ${MAX_ROUNDS} times while its state was written`);
}

interface Write {
  readonly record: RemoteRecord;
  readonly condition: NonNullable<Parameters<ObjectStore["writeText"]>[0]["condition"]>;
}

/** The new ETag; undefined when the condition does not hold. */
async function write(
  store: Pick<ObjectStore, "writeText">,
  { record, condition }: Write,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return (await store.writeText({ key: keyOf(record), text: JSON.stringify(record), headers: HEADERS, condition }, signal)).etag;
  } catch (error) {
    if (error instanceof PreconditionFailed) return undefined;
    throw error;
  }
}

function parse(text: string): RemoteRecord | undefined {
  try {
    const record = schema.safeParse(JSON.parse(text)).data;
    return record && isRecord(record) ? record : undefined;
  } catch {
    return undefined;
  }
}

/** What the schema let through was written by `createRemoteRecord`; later versions only add to it. */
const isRecord = (value: object): value is RemoteRecord => "ladderd" in value;
