import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { EmbeddedText } from "../domain/encode-plan.ts";
import type { SourceRef } from "../domain/job.ts";
import { extractText } from "../media/extract-text.ts";
import type { Presentation, WrittenText } from "../packaging/presentation.ts";
import { parseCues } from "../packaging/webvtt.ts";
import type { StageRun } from "./deps.ts";
import { readSidecars } from "./sidecars.ts";
import { placeCues } from "./text-file.ts";
import type { Workspace } from "./workspace.ts";

export interface TextResult {
  readonly presentation: Presentation;
  /** Renditions whose text could not be read. */
  readonly lost: readonly string[];
  /** Which files beside the source were there. */
  readonly seen: ReadonlySet<string>;
}

/**
 * Adds the subtitles inside the source and those beside it, moved to the one timeline, to the presentation. A track inside
 * without a cue is left out. It runs after the encode, so that files which came meanwhile are there.
 */
export async function textStage(
  presentation: Presentation,
  { workspace, source }: { readonly workspace: Workspace; readonly source: SourceRef },
  { deps, signal }: StageRun,
): Promise<TextResult> {
  const { plan } = presentation;
  if (plan.video.length === 0) return { presentation, lost: [], seen: new Set() };
  const folder = join(workspace.outDir, "text");
  await mkdir(folder);
  try {
    const tools = { ...deps.tools, limits: deps.settings.limits };
    const files = await extractText({ sourcePath: workspace.sourcePath, folder, renditions: plan.text }, tools, signal);
    const inside = plan.text.map((rendition) => ({ rendition, text: writtenText(rendition, files, presentation) }));
    const beside = await readSidecars(source, presentation, { sources: deps.sources, folder, signal });
    const text = [...inside.flatMap((entry) => entry.text ?? []), ...beside.written].filter(({ cues }) => cues.length > 0);
    const lost = inside.flatMap((entry) => (entry.text ? [] : entry.rendition.id));
    return { presentation: { ...presentation, text }, lost: [...lost, ...beside.lost], seen: beside.seen };
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
