import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PRESENTATION, revisionBase } from "../domain/output-layout.ts";
import { INIT_NAME } from "../packaging/compile.ts";
import type { Presentation } from "../packaging/presentation.ts";
import { renderManifests, renderPlaylists, writePlaylists } from "../packaging/render.ts";
import { pictureNames } from "../packaging/storyboard.ts";
import { assetRecord } from "../publish/asset-record.ts";
import { presentationRecord } from "../publish/presentation-record.ts";
import type { JobContext, PipelineDeps } from "./deps.ts";
import type { Publication } from "./publish-files.ts";
import { identityOf, publishFiles, sizesOf } from "./publish-files.ts";

export interface PublishRequest extends Publication {
  readonly presentation: Presentation;
  /** Defects of the source that were below the threshold of rejection. */
  readonly degraded: readonly string[];
}

/** Writes what belongs to the media, uploads what is left, checks that all of it arrived, and moves the asset to the new revision. */
export async function publishStage(
  request: PublishRequest,
  deps: PipelineDeps,
  context: JobContext,
): Promise<"published" | "duplicate" | "stale"> {
  const { presentation, outDir, revision, degraded } = request;
  const playlists = renderPlaylists(presentation);
  const manifests = renderManifests(presentation, revisionBase(revision));
  await writePlaylists(outDir, playlists);
  await writeFile(join(outDir, PRESENTATION), presentationRecord(presentation));
  const record = assetRecord(identityOf(request), presentation, degraded);
  const pictures = presentation.storyboard ? pictureNames(presentation.storyboard) : [];
  const files = await revisionFiles(presentation, outDir, [...playlists.keys(), ...pictures, PRESENTATION]);
  return publishFiles({ ...request, record, manifests, files }, deps, context);
}

/** Every object of the revision with its size: nothing else is uploaded, nothing less is accepted. */
async function revisionFiles(
  { video, audio, transport }: Presentation,
  outDir: string,
  others: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const media = [...video, ...audio].flatMap(({ rendition: { id }, facts }) => [
    [`${id}/${INIT_NAME}`, facts.initBytes] as const,
    ...facts.segments.map(({ name, sizeBytes }) => [`${id}/${name}`, sizeBytes] as const),
  ]);
  const old = (transport?.streams ?? []).flatMap(({ segments }) => segments.map(({ name, bytes }) => [name, bytes] as const));
  return new Map([...media, ...old, ...(await sizesOf(others, outDir))]);
}
