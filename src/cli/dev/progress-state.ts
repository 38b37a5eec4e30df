import type { JobEvent, Stage } from "../../pipeline/ports.ts";

/** What is known of one running job. */
export interface JobProgress {
  readonly name: string;
  readonly stage: Stage | "waiting";
  /** Of the stage, 0 to 1; undefined while it tells nothing. */
  readonly fraction?: number;
  /** Media seconds per second. */
  readonly speed?: number;
  readonly secondsLeft?: number;
}

/** Running jobs by id, in the order they started. */
export type ProgressState = ReadonlyMap<string, JobProgress>;

/** The state after an event; events of jobs that never started change nothing. */
export function afterEvent(state: ProgressState, event: JobEvent): ProgressState {
  if (event.kind === "started") return new Map(state).set(event.jobId, { name: event.sourceKey, stage: "waiting" });
  const job = state.get(event.jobId);
  if (!job) return state;
  if (event.kind === "ended") return new Map([...state].filter(([jobId]) => jobId !== event.jobId));
  if (event.kind === "stage-started") return new Map(state).set(event.jobId, { name: job.name, stage: event.stage });
  if (event.kind !== "progress") return state;
  const { stage, fraction, speed, secondsLeft } = event;
  return new Map(state).set(event.jobId, {
    name: job.name,
    stage,
    fraction: Math.min(1, Math.max(0, fraction)),
    ...(speed === undefined ? {} : { speed }),
    ...(secondsLeft === undefined ? {} : { secondsLeft }),
  });
}
