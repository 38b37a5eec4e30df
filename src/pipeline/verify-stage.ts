import { join } from "node:path";
import type { EncodePlan, Rendition } from "../domain/encode-plan.ts";
import { probeOutput } from "../media/probe-output.ts";
import { INIT_NAME } from "../packaging/compile.ts";
import type { RenditionFacts } from "../packaging/facts.ts";
import { measureRendition } from "../packaging/measure.ts";
import type { Presentation } from "../packaging/presentation.ts";
import { present } from "../packaging/presentation.ts";
import type { Finding } from "../packaging/verify.ts";
import { findDefects, refuseDefects } from "../packaging/verify.ts";
import type { StageRun, Tools } from "./deps.ts";

/** Reads the output back and refuses what is not exactly what the plan says. Throws OutputError. */
export async function verifyStage(plan: EncodePlan, outDir: string, { deps, jobId, signal }: StageRun): Promise<Presentation> {
  const facts = await Promise.all([...plan.video, ...plan.audio].map(({ id }) => measureRendition(join(outDir, id), id, signal)));
  const presentation = present(plan, facts);
  const { video, audio } = presentation;
  const probed: Finding[] = [];
  for (const entry of [...video, ...audio]) probed.push(...(await probeEnds(entry, { outDir, tools: deps.tools, signal })));
  const findings = [...findDefects(presentation), ...probed];
  for (const { check } of findings) deps.report({ kind: "verification-failed", jobId, check });
  refuseDefects(findings);
  return presentation;
}

interface ProbeContext {
  readonly outDir: string;
  readonly tools: Tools;
  readonly signal: AbortSignal;
}

/** The first and the last segment, as a decoder sees them (R-X9). */
async function probeEnds(
  { rendition, facts }: { rendition: Rendition; facts: RenditionFacts },
  { outDir, tools, signal }: ProbeContext,
): Promise<Finding[]> {
  const { ffprobePath, sandbox } = tools;
  const folder = join(outDir, rendition.id);
  const ends = new Set([facts.segments[0], facts.segments.at(-1)].flatMap((segment) => segment?.name ?? []));
  const messages = await Promise.all(
    [...ends].map((name) => probeOutput(rendition, { ffprobePath, sandbox, folder, parts: [INIT_NAME, name] }, signal)),
  );
  return messages.flatMap((message) => (message === undefined ? [] : [{ check: "codec", rendition: rendition.id, message }]));
}
