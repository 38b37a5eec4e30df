import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { forAll } from "../publish/revision-objects.ts";
import type { PipelineDeps, StageRun } from "./deps.ts";
import { requireSpace } from "./disk.ts";

/** What reading a service's objects needs of a pipeline. */
export interface ServiceRun extends Pick<StageRun, "jobId" | "signal"> {
  readonly deps: Pick<PipelineDeps, "published" | "report"> & { readonly settings: Pick<PipelineDeps["settings"], "workDir" | "disk"> };
}

/** Where a service wrote; "<assetPath>/r/<revision>/". */
export interface ServicePlace {
  readonly prefix: string;
  readonly isOfService: (name: string) => boolean;
}

/** Sizes of objects by their name below the prefix. */
export type Sizes = ReadonlyMap<string, number>;

/** A media playlist of a day is a few megabytes; nothing larger is read. */
const MAX_TEXT_BYTES = 32 * 1024 * 1024;
const CONCURRENCY = 6;

/** What the service wrote. What an attempt before this one had added to the revision goes. Throws the store's JobErrors. */
export async function listOfService({ prefix, isOfService }: ServicePlace, { deps, signal }: ServiceRun): Promise<Sizes> {
  const { published: store } = deps;
  const sizes = new Map((await store.list(prefix, signal)).map(({ key, sizeBytes }) => [key.slice(prefix.length), sizeBytes]));
  const remains = [...sizes.keys()].filter((name) => !isOfService(name));
  const keys = remains.map((name) => prefix + name);
  if (keys.length > 0) await store.remove(keys, signal);
  for (const name of remains) sizes.delete(name);
  return sizes;
}

/** The texts of these names; without those that are not there, or too large for what they should be. */
export async function readOfService(
  names: Iterable<string>,
  { prefix, sizes }: Pick<ServicePlace, "prefix"> & { readonly sizes: Sizes },
  { deps, signal }: ServiceRun,
): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  const small = [...names].filter((name) => (sizes.get(name) ?? Infinity) <= MAX_TEXT_BYTES);
  await forAll(small, CONCURRENCY, async (name) => {
    const text = (await deps.published.readText(prefix + name, signal))?.text;
    if (text !== undefined) texts.set(name, text);
  });
  return texts;
}

/** Brings objects to disk: from our name of each to the service's. Throws ResourceError disk_full and the store's JobErrors. */
export async function bringOfService(
  files: ReadonlyMap<string, string>,
  { prefix, sizes, outDir }: Pick<ServicePlace, "prefix"> & { readonly sizes: Sizes; readonly outDir: string },
  { deps, jobId, signal }: ServiceRun,
): Promise<void> {
  const { workDir, disk } = deps.settings;
  const bytes = [...files.values()].reduce((total, name) => total + (sizes.get(name) ?? 0), 0);
  await requireSpace(workDir, bytes, disk.minimumFreeBytes);
  for (const folder of new Set([...files.keys()].map((name) => dirname(join(outDir, name))))) await mkdir(folder, { recursive: true });
  await forAll(files, CONCURRENCY, async ([name, from]) =>
    deps.published.downloadFile({ key: prefix + from, path: join(outDir, name) }, signal),
  );
  deps.report({ kind: "transferred", jobId, direction: "in", bytes });
}
