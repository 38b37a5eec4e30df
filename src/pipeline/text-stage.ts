import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { EmbeddedText } from "../domain/encode-plan.ts";
import type { SourceRef } from "../domain/job.ts";
import { extractText } from "../media/extract-text.ts";
import type { Presentation, WrittenText } from "../packaging/presentation.ts";
import { parseCues } from "../packaging/webvtt.ts";
import type { AssetOfSource } from "./attached-before.ts";
import { attachedBefore } from "./attached-before.ts";
import type { StageRun } from "./deps.ts";
import { readSidecars, survive } from "./sidecars.ts";
import { placeCues } from "./text-file.ts";
import type { Workspace } from "./workspace.ts";

export interface TextResult {
  readonly presentation: Presentation;
  /** Renditions whose text could not be read. */
  readonly lost: readonly string[];
  /** Which files beside the source were there. */
  readonly seen: ReadonlySet<string>;
  /** What was attached to the asset then; undefined when that could not be read. */
  readonly attached: ReadonlySet<string> | undefined;
}

export interface TextRequest {
  readonly workspace: Workspace;
  readonly source: SourceRef;
  readonly asset: AssetOfSource;
}

/**
 * Adds the subtitles inside the source and those beside it or attached before, moved to the one timeline, to the presentation. A track inside
 * without a cue is left out. It runs after the encode, so that files which came meanwhile are there.
 */
export async function textStage(
  presentation: Presentation,
  { workspace, source, asset }: TextRequest,
  { deps, signal }: StageRun,
): Promise<TextResult> {
  const { plan } = presentation;
  if (plan.video.length === 0) return { presentation, lost: [], seen: new Set(), attached: undefined };
  const folder = join(workspace.outDir, "text");
  await mkdir(folder);
  try {
    const tools = { ...deps.tools, limits: deps.settings.limits };
    const extracted = await extractText({ sourcePath: workspace.sourcePath, folder, renditions: plan.text }, tools, signal);
    const inside = plan.text.map((rendition) => ({ rendition, text: writtenText(rendition, extracted, presentation) }));
    const beside = await readSidecars(source, presentation, { sources: deps.sources, folder, signal });
    const renditions = [...plan.text, ...beside.written.map(({ rendition }) => rendition)];
    const before = await survive(attachedBefore(asset, { ...beside, renditions }, { store: deps.published, signal }), signal);
    const files = [...beside.written, ...(before?.kept ?? [])];
    const text = [...inside.flatMap((entry) => entry.text ?? []), ...files].filter(({ cues }) => cues.length > 0);
    const lost = inside.flatMap((entry) => (entry.text ? [] : entry.rendition.id));
    const allLost = [...lost, ...beside.lost, ...(before ? [] : ["attached"])];
    return { presentation: { ...presentation, text }, lost: allLost, seen: beside.seen, attached: before?.marks };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function writtenText(rendition: EmbeddedText, files: ReadonlyMap<string, string>, { plan }: Presentation): WrittenText | undefined {
  const content = files.get(rendition.id);
  if (content === undefined) return undefined;
  try {
    return { rendition, cues: placeCues(parseCues(content), plan) };
  } catch {
    // Above the limits: lost as one that cannot be read.
    return undefined;
  }
}
