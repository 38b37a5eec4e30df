import type { FailureClass } from "./failure-class.ts";

/** Whether an engine is asked: closed asks, open does not, half-open asks with one job and waits for what comes of it. */
export type Circuit =
  | { readonly kind: "closed"; readonly failures: number }
  | { readonly kind: "open"; readonly cause: FailureClass; readonly untilMs: number; readonly openings: number }
  | { readonly kind: "half-open"; readonly cause: FailureClass; readonly untilMs: number; readonly openings: number };

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
export const CLOSED: Circuit = { kind: "closed", failures: 0 };

export type Admission = { readonly kind: "closed" | "probe" } | { readonly kind: "refused"; readonly reason: string };

/** Whether the engine may be asked now, and the circuit after the answer: the first to ask when its time is over is the probe. */
export function admit(circuit: Circuit, { openSeconds }: CircuitSettings, nowMs: number): { circuit: Circuit; admission: Admission } {
  if (circuit.kind === "closed") return { circuit, admission: { kind: "closed" } };
  const { cause, untilMs, openings } = circuit;
  if (nowMs < untilMs) {
    const doing = circuit.kind === "open" ? "its circuit is open" : "its circuit waits for a probe";
    return {
      circuit,
      admission: { kind: "refused", reason: `${doing} for ${Math.ceil((untilMs - nowMs) / 1000)} s more: ${WORDS[cause]}` },
    };
  }
  // A probe that is never heard of again makes room for another.
  return { circuit: { kind: "half-open", cause, openings, untilMs: nowMs + openSeconds * 1000 }, admission: { kind: "probe" } };
}

/** The circuit after the engine took a job, or answered. */
export const succeeded = (_circuit: Circuit): Circuit => CLOSED;

/**
 * The circuit after a failure. A source that the engine cannot do says nothing of the engine: a probe that met one has
 * been answered. A role that refuses and a quota that is used up will refuse the next job as well, so one is enough.
 */
export function failed(circuit: Circuit, cause: FailureClass, { settings, nowMs }: { settings: CircuitSettings; nowMs: number }): Circuit {
  if (cause === "source") return succeeded(circuit);
  const openings = circuit.kind === "closed" ? 0 : circuit.openings;
  // What was asked before it opened comes back late and proves nothing new.
  if (circuit.kind === "open") return circuit;
  const failures = circuit.kind === "closed" ? circuit.failures + 1 : settings.failures;
  if (!AT_ONCE.has(cause) && failures < settings.failures) return { kind: "closed", failures };
  const openMs = Math.min(settings.maximumOpenSeconds, settings.openSeconds * 2 ** openings) * 1000;
  return { kind: "open", cause, untilMs: nowMs + openMs, openings: openings + 1 };
}

const AT_ONCE: ReadonlySet<FailureClass> = new Set(["role", "quota"]);

const WORDS: Readonly<Record<FailureClass, string>> = {
  source: "it could not do a source",
  retry: "jobs failed there in a row",
  role: "a role or policy refuses us",
  quota: "its quota is used up",
  service: "it does not answer, or not well",
};
