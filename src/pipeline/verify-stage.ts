import { join } from "node:path";
import type { EncodePlan, Rendition } from "../domain/encode-plan.ts";
import type { ContentKey } from "../domain/encryption.ts";
import { probeOutput } from "../media/probe-output.ts";
import type { RenditionFacts } from "../packaging/facts.ts";
import { measureRendition } from "../packaging/measure.ts";
import type { Presentation } from "../packaging/presentation.ts";
import { present } from "../packaging/presentation.ts";
import type { Finding } from "../packaging/verify.ts";
import { findDefects, refuseDefects } from "../packaging/verify.ts";
import { protectionDefects } from "../packaging/verify-protection.ts";
import type { StageRun, Tools } from "./deps.ts";
import type { ReportEvent } from "./ports.ts";
import { settleAll } from "./settle-all.ts";

/** Reads the output back and refuses what is not exactly what the plan says. Throws OutputError. */
export async function verifyStage(plan: EncodePlan, outDir: string, { deps, jobId, signal, key }: StageRun): Promise<Presentation> {
  const facts = await settleAll([...plan.video, ...plan.audio].map(({ id }) => measureRendition(join(outDir, id), id, signal)));
  const presentation = present(plan, facts);
  // What is in clear cannot be decrypted, and is the thing to say.
  refuse(protectionDefects(presentation, key?.keyId), { report: deps.report, jobId });
  const { video, audio } = presentation;
  const probed = await settleAll([...video, ...audio].map((entry) => probeEnds(entry, { outDir, tools: deps.tools, signal, key })));
  const findings = [...findDefects(presentation), ...probed.flat()];
  refuse(findings, { report: deps.report, jobId });
  return presentation;
}

function refuse(findings: readonly Finding[], { report, jobId }: { report: ReportEvent; jobId: string }): void {
  for (const { check } of findings) report({ kind: "verification-failed", jobId, check });
  refuseDefects(findings);
}

interface ProbeContext {
  readonly outDir: string;
  readonly tools: Tools;
  readonly signal: AbortSignal;
  readonly key: ContentKey | undefined;
}

/** The first and the last segment, as a decoder sees them (R-X9). */
async function probeEnds(
  entry: { rendition: Rendition; facts: RenditionFacts },
  { outDir, tools: { ffprobePath, sandbox }, signal, key }: ProbeContext,
): Promise<Finding[]> {
  const { id } = entry.rendition;
  const message = await probeOutput(entry, { ffprobePath, sandbox, key, folder: join(outDir, id) }, signal);
  return message === undefined ? [] : [{ check: "codec", rendition: id, message }];
}
