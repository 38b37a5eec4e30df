import type { Logger } from "pino";
import type { Fault } from "../domain/errors.ts";
import { JobError } from "../domain/errors.ts";
import type { MessageShape } from "../domain/job.ts";
import type { EntryResult } from "./run-entries.ts";
import type { Verdict } from "./verdict.ts";

export interface Settled {
  readonly logger: Logger;
  readonly shape: MessageShape;
  readonly results: readonly EntryResult[];
  readonly verdict: Verdict;
}

const LEVEL_OF = { service: "error", destination: "error", source: "warn", request: "warn", shutdown: "info" } as const;

/** The one line that says how a message ended; an error only when it is ours to mend. */
export function logSettled({ logger, shape, results, verdict: { outcome, action, error } }: Settled): void {
  const facts = {
    shape,
    outcome,
    jobIds: results.flatMap(({ job }) => (job ? [job.id] : [])),
    ...(results.length > 1 ? { entries: results.map((result) => (result.kind === "done" ? result.outcome : result.settlement.kind)) } : {}),
    ...("delaySeconds" in action ? { delaySeconds: action.delaySeconds } : {}),
  };
  if (error === undefined) {
    const reasons = results.flatMap((result) => (result.kind === "done" && result.reason !== undefined ? [result.reason] : []));
    // Events of our own output would feed the worker for ever, and each of them costs a receive: somebody must mend the route.
    const level = results.some((result) => result.kind === "done" && result.isMisrouted) ? "warn" : "info";
    logger[level]({ ...facts, ...(reasons.length > 0 ? { reasons } : {}) }, "message settled");
    return;
  }
  const { code, fault } = error instanceof JobError ? error : { code: "unknown", fault: "service" as const };
  logger[LEVEL_OF[fault]]({ ...facts, code, fault, ...tellingOf(error, fault) }, "message settled");
}

/** Where our own code failed its stack tells more; where a source or a message is at fault it is only in the way. */
function tellingOf(error: unknown, fault: Fault): Record<string, unknown> {
  const isOurs = fault === "service" || fault === "destination";
  return error instanceof JobError && !isOurs ? { reason: error.message, facts: error.facts } : { err: error };
}
