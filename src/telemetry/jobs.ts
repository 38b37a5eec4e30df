import type { ErrorCode } from "../domain/errors.ts";
import type { JobEvent, Outcome, Stage } from "../pipeline/ports.ts";

/** A running job as a watcher sees it. Times are ISO 8601. */
export interface RunningJob {
  readonly jobId: string;
  readonly bucket: string;
  readonly sourceKey: string;
  readonly startedAt: string;
  readonly stage?: Stage;
  readonly fraction?: number;
  readonly speed?: number;
  readonly secondsLeft?: number;
}

/** An ended job. */
export interface EndedJob {
  readonly jobId: string;
  readonly sourceKey: string;
  readonly endedAt: string;
  readonly outcome: Outcome;
  readonly durationSeconds: number;
  readonly assetPath?: string;
  readonly code?: ErrorCode;
  readonly reason?: string;
}

/** What runs and what ran: for /api/jobs and the status page. */
export interface JobBoard {
  observe(event: JobEvent): void;
  running(): readonly RunningJob[];
  /** Newest first, the last 50. */
  ended(): readonly EndedJob[];
  /** When each running job last said anything: milliseconds of `now`. */
  lastEvents(): ReadonlyMap<string, number>;
}

const KEPT = 50;

type UnseenKind =
  | "waiting"
  | "text-missed"
  | "engine-chosen"
  | "engine-ended"
  | "verification-failed"
  | "transferred"
  | "copy-refused"
  | "resumed"
  | "published";
const UNSEEN: ReadonlySet<string> = new Set<UnseenKind>([
  "waiting",
  "text-missed",
  "engine-chosen",
  "engine-ended",
  "verification-failed",
  "transferred",
  "copy-refused",
  "resumed",
  "published",
]);

/** What changes nothing on the board. */
const isUnseen = (event: JobEvent): event is Extract<JobEvent, { kind: UnseenKind }> => UNSEEN.has(event.kind);

export interface JobBoardOptions {
  /** Wall clock for what is shown. */
  readonly wallClock?: () => Date;
  /** Monotonic milliseconds for what is judged. */
  readonly now?: () => number;
}

/** A board that holds running jobs and the last 50 ended ones. */
export function createJobBoard({ wallClock = () => new Date(), now = () => performance.now() }: JobBoardOptions = {}): JobBoard {
  const running = new Map<string, RunningJob>();
  const heard = new Map<string, number>();
  let ended: readonly EndedJob[] = [];
  const change = (jobId: string, update: Partial<RunningJob>): void => {
    const job = running.get(jobId);
    if (job) running.set(jobId, { ...job, ...update });
  };

  const observe = (event: JobEvent): void => {
    heard.set(event.jobId, now());
    if (isUnseen(event)) return;
    switch (event.kind) {
      case "started": {
        const { jobId, bucket, sourceKey } = event;
        running.set(jobId, { jobId, bucket, sourceKey, startedAt: wallClock().toISOString() });
        return;
      }
      case "stage-started":
        return change(event.jobId, { stage: event.stage, fraction: 0 });
      case "progress": {
        const { kind, jobId, ...progress } = event;
        return change(jobId, progress);
      }
      case "stage-ended":
        return change(event.jobId, { fraction: 1 });
      case "ended": {
        const { kind, secondsSinceUpload, ...outcome } = event;
        running.delete(event.jobId);
        heard.delete(event.jobId);
        ended = [{ ...outcome, endedAt: wallClock().toISOString() }, ...ended].slice(0, KEPT);
      }
    }
  };

  return { observe, running: () => [...running.values()], ended: () => ended, lastEvents: () => heard };
}
