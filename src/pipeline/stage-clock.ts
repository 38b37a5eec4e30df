import { JobError } from "../domain/errors.ts";
import type { ReportEvent, Stage } from "./ports.ts";

/** Runs one stage of a job; passes its result and its errors through. */
export type RunStage = <T>(stage: Stage, work: () => Promise<T>) => Promise<T>;

/** Reports the start, the end and the duration of each stage of one job. */
export function stageClock(jobId: string, report: ReportEvent): RunStage {
  return async (stage, work) => {
    const started = performance.now();
    const ended = (code: { code?: JobError["code"] } = {}): void =>
      report({ kind: "stage-ended", jobId, stage, durationSeconds: (performance.now() - started) / 1000, ...code });
    report({ kind: "stage-started", jobId, stage });
    try {
      const result = await work();
      ended();
      return result;
    } catch (error) {
      ended(error instanceof JobError ? { code: error.code } : {});
      throw error;
    }
  };
}
