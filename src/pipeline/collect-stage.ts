import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { EncodePlan } from "../domain/encode-plan.ts";
import { collectRenditions, isOfService, MULTIVARIANT } from "../engines/mediaconvert/outputs.ts";
import { madePlan } from "../engines/mediaconvert/rungs.ts";
import { placeCmaf } from "../packaging/place-cmaf.ts";
import { forAll } from "../publish/revision-objects.ts";
import type { PipelineDeps, StageRun } from "./deps.ts";
import { requireSpace } from "./disk.ts";

/** Where a service wrote, and what it was asked for. */
export interface CollectRequest {
  readonly plan: EncodePlan;
  /** Of the revision: "<assetPath>/r/<revision>/". */
  readonly prefix: string;
  readonly outDir: string;
}

/** What collecting needs of a pipeline. */
export interface CollectRun extends Pick<StageRun, "jobId" | "signal"> {
  readonly deps: Pick<PipelineDeps, "published" | "report"> & { readonly settings: Pick<PipelineDeps["settings"], "workDir" | "disk"> };
}

/** What lies on disk now. */
export interface Collected {
  /** With the pictures that the service made, which may be its own choice. */
  readonly plan: EncodePlan;
  /** The service's name of each file by ours. */
  readonly renamed: ReadonlyMap<string, string>;
}

/** A media playlist of a day is a few megabytes; nothing larger is read. */
const MAX_PLAYLIST_BYTES = 32 * 1024 * 1024;
const CONCURRENCY = 6;

/**
 * Brings what MediaConvert wrote to disk, in the layout of what is encoded here, to be measured like that. What an attempt
 * before this one had added to the revision goes. Throws OutputError output_incomplete, ResourceError disk_full and the store's
 * JobErrors.
 */
export async function collectStage({ plan: asked, prefix, outDir }: CollectRequest, run: CollectRun): Promise<Collected> {
  const { deps, jobId, signal } = run;
  const { published: store, settings } = deps;
  const sizes = new Map((await store.list(prefix, signal)).map(({ key, sizeBytes }) => [key.slice(prefix.length), sizeBytes]));
  const remains = [...sizes.keys()].filter((name) => !isOfService(name));
  if (remains.length > 0)
    await store.remove(
      remains.map((name) => prefix + name),
      signal,
    );
  const texts = new Map<string, string>();
  const read = async (name: string): Promise<void> => {
    if ((sizes.get(name) ?? Infinity) > MAX_PLAYLIST_BYTES) return;
    const text = (await store.readText(prefix + name, signal))?.text;
    if (text !== undefined) texts.set(name, text);
  };
  await read(MULTIVARIANT);
  const { plan, playlists } = madePlan(asked, texts.get(MULTIVARIANT));
  const names = playlists.map(({ playlist }) => playlist);
  await forAll(names, CONCURRENCY, read);
  const placed = placeCmaf(collectRenditions(playlists, { sizes, texts }));
  const bytes = [...placed.values()].reduce((total, name) => total + (sizes.get(name) ?? 0), 0);
  await requireSpace(settings.workDir, bytes, settings.disk.minimumFreeBytes);
  for (const { id } of [...plan.video, ...plan.audio]) await mkdir(join(outDir, id), { recursive: true });
  await forAll(placed, CONCURRENCY, async ([name, from]) => store.downloadFile({ key: prefix + from, path: join(outDir, name) }, signal));
  deps.report({ kind: "transferred", jobId, direction: "in", bytes });
  return { plan, renamed: placed };
}
