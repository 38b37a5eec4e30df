import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { extractText } from "../media/extract-text.ts";
import type { Presentation } from "../packaging/presentation.ts";
import { onTimeline, parseCues } from "../packaging/webvtt.ts";
import type { StageRun } from "./deps.ts";
import type { Workspace } from "./workspace.ts";

export interface TextResult {
  readonly presentation: Presentation;
  /** Text tracks that could not be read. */
  readonly lost: readonly string[];
}

/** Adds the source's text tracks, moved to the one timeline, to the presentation; a track without a cue is left out. */
export async function textStage(
  presentation: Presentation,
  { outDir, sourcePath }: Workspace,
  { deps, signal }: StageRun,
): Promise<TextResult> {
  const { plan } = presentation;
  if (plan.text.length === 0) return { presentation, lost: [] };
  const folder = join(outDir, "text");
  await mkdir(folder);
  try {
    const tools = { ...deps.tools, limits: deps.settings.limits };
    const files = await extractText({ sourcePath, folder, renditions: plan.text }, tools, signal);
    const shift = plan.source.startSeconds - plan.timeline.sourceStartSeconds;
    const text = plan.text
      .map((rendition) => ({ rendition, cues: onTimeline(parseCues(files.get(rendition.id) ?? ""), shift, plan.timeline.durationSeconds) }))
      .filter(({ cues }) => cues.length > 0);
    return { presentation: { ...presentation, text }, lost: plan.text.filter(({ id }) => !files.has(id)).map(({ id }) => id) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
