import { DASH_RULES } from "./dash-rules.ts";
import { I_FRAME_RULES } from "./i-frame-rules.ts";
import type { Published } from "./published.ts";
import { readPublished } from "./published.ts";
import type { Rule } from "./rule.ts";
import type { SourceFacts } from "./source-rules.ts";
import { againstSource, sourceFacts } from "./source-rules.ts";
import { TIMING_RULES } from "./timing-rules.ts";
import { VARIANT_RULES } from "./variant-rules.ts";

/** A rule that is broken, where it is written, and where. */
export interface Finding {
  readonly rule: string;
  readonly source: string;
  readonly message: string;
}

export interface Judgement {
  /** The file that was published: geometry and duration are compared with it. */
  readonly source?: string;
  /** Rules that this asset has a reason not to keep, by their ids. */
  readonly except?: readonly string[];
}

/** Every rule that holds of whatever is published. */
export const RULES: readonly Rule[] = [...TIMING_RULES, ...VARIANT_RULES, ...I_FRAME_RULES, ...DASH_RULES];

/**
 * Judges what is published in a folder or at an address: every rule of RULES, and against the source where one is given.
 * Shares no code with what wrote it: its own parsers, ffprobe and ffmpeg. Whatever cannot even be read is a finding.
 */
export async function conformance(place: string, { source, except = [] }: Judgement = {}): Promise<readonly Finding[]> {
  const [published, facts] = await Promise.all([
    readPublished(place).catch((error: unknown) => (error instanceof Error ? error.message : "unknown")),
    source === undefined ? undefined : sourceFacts(source),
  ]);
  if (typeof published === "string") return [{ rule: "everything-is-there", source: "RFC 8216 6.2.1", message: published }];
  return [...RULES, ...sourceRule(facts)].filter(({ id }) => !except.includes(id)).flatMap((rule) => broken(rule, published));
}

const broken = ({ id, source, check }: Rule, published: Published): Finding[] =>
  check(published).map((message) => ({ rule: id, source, message }));

const sourceRule = (facts: SourceFacts | undefined): readonly Rule[] =>
  facts ? [{ id: "as-the-source", source: "MEDIA.md, source rules; [1.33]", check: (published) => againstSource(published, facts) }] : [];
