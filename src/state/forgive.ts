import { z } from "zod";
import { StorageError } from "../domain/errors.ts";
import type { ObjectStore } from "../pipeline/ports.ts";
import { PreconditionFailed } from "../pipeline/ports.ts";
import { parseClaim } from "./claim-record.ts";

/** Takes a job's failures back: it gets all its attempts again. Does nothing for a job without a record. Throws the store's JobErrors. */
export type Forgive = (name: string, signal: AbortSignal) => Promise<void>;

/** Why a job failed last; undefined when no record says so. */
export type ReadFailure = (
  name: string,
  signal: AbortSignal,
) => Promise<{ readonly fingerprint: string; readonly code: string; readonly reason: string } | undefined>;

type Store = Pick<ObjectStore, "readText" | "writeText">;

const HEADERS = { contentType: "application/json", cacheControl: "no-store" };
const MAX_ROUNDS = 8;
const failure = z.looseObject({ fingerprint: z.string(), code: z.string(), reason: z.string() });
/** Of a source that was given up since its attempts took their worker along. */
const poisoned = z.looseObject({ facts: z.looseObject({ claim: z.string().regex(/^claims\/[0-9a-f]{32}\.json$/), holder: z.string() }) });

const keyOf = (name: string): string => `failures/${name}.json`;

/** Reads what failures/<name>.json says. */
export const failureReader =
  (store: Pick<ObjectStore, "readText">): ReadFailure =>
  async (name, signal) =>
    parse(failure, (await store.readText(keyOf(name), signal))?.text);

/**
 * Sets the count of failures/<name>.json to none, and that of crashes in the claim it names, unless somebody took the claim
 * since. The rest of both stays for whoever looks into them.
 */
export const forgiver =
  (store: Store): Forgive =>
  async (name, signal) => {
    const change = async (record: StoredFailure): Promise<StoredFailure> => {
      const claim = poisoned.safeParse(record).data?.facts;
      if (claim) await forgiveCrashes(store, claim, signal);
      return { ...record, failures: 0, forgiven: (record.forgiven ?? 0) + (record.failures ?? 0) };
    };
    await changeFailure({ store, key: keyOf(name), change }, signal);
  };

const storedFailure = z.looseObject({
  failures: z.int().exactOptional(),
  forgiven: z.int().exactOptional(),
  failedAt: z.string().exactOptional(),
});
/** A failure record as far as it is changed. */
export type StoredFailure = z.infer<typeof storedFailure>;

export interface FailureChange {
  readonly store: Store;
  readonly key: string;
  /** Undefined leaves the record as it is. */
  readonly change: (record: StoredFailure) => Promise<StoredFailure | undefined>;
}

/** Changes a failure record, if there is one, by compare-and-swap: a failure of that moment is not written over. */
export async function changeFailure({ store, key, change }: FailureChange, signal: AbortSignal): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const there = await store.readText(key, signal);
    const before = parse(storedFailure, there?.text);
    const after = before && (await change(before));
    if (!there || !after) return;
    if (await swapped(store, { key, text: `${JSON.stringify(after, null, 2)}\n`, etag: there.etag }, signal)) return;
  }
  throw new StorageError(`${key} changed ${MAX_ROUNDS} times while it was changed here`);
}

async function forgiveCrashes(store: Store, { claim: key, holder }: { claim: string; holder: string }, signal: AbortSignal): Promise<void> {
  const there = await store.readText(key, signal);
  const record = there && parseClaim(there.text);
  if (!record || record.holder !== holder) return;
  const text = JSON.stringify({ ...record, state: "ended", outcome: "failed", crashes: 0 });
  await swapped(store, { key, text, etag: there.etag }, signal);
}

async function swapped(
  store: Store,
  { key, text, etag }: { key: string; text: string; etag: string },
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await store.writeText({ key, text, headers: HEADERS, condition: { kind: "match", etag } }, signal);
    return true;
  } catch (error) {
    if (error instanceof PreconditionFailed) return false;
    throw error;
  }
}

function parse<T>(schema: z.ZodType<T>, text: string | undefined): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text ?? "")).data;
  } catch {
    return undefined;
  }
}
