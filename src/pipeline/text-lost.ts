import type { TextRendition } from "../domain/encode-plan.ts";
import { joiningText } from "../domain/plan-text.ts";
import type { WrittenText } from "../packaging/presentation.ts";
import type { RemoteRecord } from "../state/remote-records.ts";
import { attachedBefore } from "./attached-before.ts";
import type { PipelineDeps } from "./deps.ts";
import { listSidecars, survive } from "./sidecars.ts";

/** What a publication without text leaves out. */
export interface TextLost {
  /** As `degraded` names them. */
  readonly ids: readonly string[];
  /** What was attached to the asset then; undefined when that could not be read. */
  readonly attached: ReadonlySet<string> | undefined;
}

/** A service's playlists have no place for the files beside the source, nor for what was attached: that they are missing is said. */
export async function textLost(
  { job, admitted, plan }: Pick<RemoteRecord, "job" | "admitted" | "plan">,
  { sources, published }: Pick<PipelineDeps, "sources" | "published">,
  signal: AbortSignal,
): Promise<TextLost> {
  const listed = await survive(listSidecars(job.source, sources, signal), signal);
  const renditions: TextRendition[] = [...plan.text];
  for (const { track } of listed ?? []) renditions.push(joiningText(track, renditions));
  const beside: WrittenText[] = renditions.slice(plan.text.length).map((rendition) => ({ rendition, cues: [] }));
  const before = await survive(attachedBefore(admitted, { written: beside, renditions }, { store: published, signal }), signal);
  const ids = [
    ...(listed ? [] : ["sidecars"]),
    ...[...beside, ...(before?.kept ?? [])].map(({ rendition }) => rendition.id),
    ...(before ? [] : ["attached"]),
  ];
  return { ids: ids.map((id) => `text_lost:${id}`), attached: before?.marks };
}
