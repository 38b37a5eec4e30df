import type { EngineName } from "../domain/job.ts";
import type { Admission } from "./circuit.ts";
import type { Unsupported } from "./remote.ts";

/** An engine of the configured order, with what is known of it now. */
export interface Candidate {
  readonly name: EngineName;
  readonly admission: Admission;
  readonly unsupported: readonly Unsupported[];
}

/** Why an engine was not taken; a metric label. */
export const PASSED_OVER_KINDS = ["not_asked_for", "tried", "unsupported", "circuit"] as const;

export interface PassedOver {
  readonly engine: EngineName;
  readonly kind: (typeof PASSED_OVER_KINDS)[number];
  readonly reason: string;
}

/** Which engine does a job, and for the record why not those before it. */
export interface Choice {
  /** Absent: none can, now or ever; `passedOver` says which. */
  readonly engine?: EngineName;
  /** It is the one job that finds out whether the engine is back. */
  readonly isProbe?: true;
  readonly reason: string;
  readonly passedOver: readonly PassedOver[];
}

export interface Wishes {
  /** The engine that the job itself names. */
  readonly wanted?: EngineName | undefined;
  /** Engines that failed this job already. */
  readonly tried: ReadonlySet<EngineName>;
}

/** The first engine of the order that can do the plan and is healthy. */
export function selectEngine(order: readonly Candidate[], wishes: Wishes): Choice {
  const passedOver: PassedOver[] = [];
  for (const candidate of order) {
    const obstacle = obstacleOf(candidate, wishes);
    if (obstacle === undefined) return chosen(candidate, { wishes, passedOver });
    passedOver.push({ engine: candidate.name, ...obstacle });
  }
  return { reason: order.length === 0 ? "no engine is configured" : "no engine can do this job now", passedOver };
}

/** Whether waiting helps: some engine could do the plan and is only not healthy. */
export const isWorthWaiting = ({ passedOver }: Choice): boolean => passedOver.some(({ kind }) => kind === "circuit");

function chosen({ name, admission }: Candidate, { wishes, passedOver }: { wishes: Wishes; passedOver: readonly PassedOver[] }): Choice {
  const first = passedOver.length === 0 ? "it is the first of the order" : "it is the first of the order that can do this job now";
  return {
    engine: name,
    ...(admission.kind === "probe" ? { isProbe: true } : {}),
    reason: wishes.wanted === name ? "the job names it" : first,
    passedOver,
  };
}

/** What a plan cannot have comes before health: a job that an engine cannot do must never be its probe. */
function obstacleOf({ name, admission, unsupported }: Candidate, { wanted, tried }: Wishes): Omit<PassedOver, "engine"> | undefined {
  if (wanted !== undefined && wanted !== name) return { kind: "not_asked_for", reason: `the job names ${wanted}` };
  if (tried.has(name)) return { kind: "tried", reason: "it failed this job already" };
  if (unsupported.length > 0) return { kind: "unsupported", reason: unsupported.map(({ reason }) => reason).join("; ") };
  return admission.kind === "refused" ? { kind: "circuit", reason: admission.reason } : undefined;
}
