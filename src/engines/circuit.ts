import type { FailureClass } from "./failure-class.ts";

/** What told of a failure: the engine's answer to a request, or what became of a job that it had taken. */
export type ToldBy = "answer" | "job";

interface Opened {
  readonly cause: FailureClass;
  readonly by: ToldBy;
  readonly untilMs: number;
  readonly openings: number;
}

/** Whether an engine is asked: closed asks, open does not, half-open asks with one job and waits for what comes of it. */
export type Circuit =
  | { readonly kind: "closed"; /** In a row, of requests. */ readonly refusals: number; /** In a row, of jobs. */ readonly badJobs: number }
  | ({ readonly kind: "open" } & Opened)
  | ({ readonly kind: "half-open" } & Opened);

/** The states of a circuit; a metric label. */
export const CIRCUIT_STATES = ["closed", "half-open", "open"] as const satisfies readonly Circuit["kind"][];

export interface CircuitSettings {
  /** Failures in a row that open it, where one alone proves nothing. */
  readonly failures: number;
  /** How long it stays open the first time; doubles with each failed probe. */
  readonly openSeconds: number;
  readonly maximumOpenSeconds: number;
}

/** Where every engine begins. */
export const CLOSED: Circuit = { kind: "closed", refusals: 0, badJobs: 0 };

export type Admission = { readonly kind: "closed" | "probe" } | { readonly kind: "refused"; readonly reason: string };

/** Whether the engine may be asked now, and the circuit after the answer: the first to ask when its time is over is the probe. */
export function admit(circuit: Circuit, { openSeconds }: CircuitSettings, nowMs: number): { circuit: Circuit; admission: Admission } {
  if (circuit.kind === "closed") return { circuit, admission: { kind: "closed" } };
  const { cause, untilMs } = circuit;
  if (nowMs < untilMs) {
    const doing = circuit.kind === "open" ? "its circuit is open" : "its circuit waits for a probe";
    return {
      circuit,
      admission: { kind: "refused", reason: `${doing} for ${Math.ceil((untilMs - nowMs) / 1000)} s more: ${WORDS[cause]}` },
    };
  }
  // A probe that is never heard of again makes room for another.
  return { circuit: { ...circuit, kind: "half-open", untilMs: nowMs + openSeconds * 1000 }, admission: { kind: "probe" } };
}

/**
 * The circuit after the engine took a job, or answered. One that opened for what became of jobs is not closed by that: it
 * waits for the end of this one, as long as it was open before.
 */
export function took(circuit: Circuit, settings: CircuitSettings, nowMs: number): Circuit {
  if (circuit.kind === "closed") return { ...circuit, refusals: 0 };
  if (circuit.by === "answer") return CLOSED;
  return circuit.kind === "open" ? circuit : { ...circuit, untilMs: nowMs + openMs(circuit.openings, settings) };
}

/** The circuit after a job came out as it should; of one that opened for refused requests that says nothing. */
export function finished(circuit: Circuit): Circuit {
  if (circuit.kind === "closed") return { ...circuit, badJobs: 0 };
  return circuit.by === "job" ? CLOSED : circuit;
}

export interface Failure {
  readonly cause: FailureClass;
  readonly by: ToldBy;
}

/**
 * The circuit after a failure. A source that the engine cannot do says nothing of the engine: a probe that met one has
 * been answered. A role that refuses and a quota that is used up will refuse the next job as well, so one is enough.
 */
export function failed(
  circuit: Circuit,
  { cause, by }: Failure,
  { settings, nowMs }: { readonly settings: CircuitSettings; readonly nowMs: number },
): Circuit {
  if (cause === "source") return by === "job" ? finished(circuit) : took(circuit, settings, nowMs);
  // What was asked before it opened comes back late and proves nothing new.
  if (circuit.kind === "open") return circuit;
  if (circuit.kind === "closed") {
    const counted = by === "job" ? { ...circuit, badJobs: circuit.badJobs + 1 } : { ...circuit, refusals: circuit.refusals + 1 };
    if (!AT_ONCE.has(cause) && Math.max(counted.badJobs, counted.refusals) < settings.failures) return counted;
  }
  const openings = circuit.kind === "closed" ? 0 : circuit.openings;
  return { kind: "open", cause, by, untilMs: nowMs + openMs(openings, settings), openings: openings + 1 };
}

const openMs = (openings: number, { openSeconds, maximumOpenSeconds }: CircuitSettings): number =>
  Math.min(maximumOpenSeconds, openSeconds * 2 ** openings) * 1000;

const AT_ONCE: ReadonlySet<FailureClass> = new Set(["role", "quota"]);

const WORDS: Readonly<Record<FailureClass, string>> = {
  source: "it could not do a source",
  retry: "jobs failed there in a row",
  role: "a role or policy refuses us",
  quota: "its quota is used up",
  service: "it does not answer, or not well",
};
