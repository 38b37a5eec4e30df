/** An answer of /healthz or /readyz: every reason it is not well. */
export interface HealthReport {
  readonly ok: boolean;
  readonly reasons: readonly string[];
}

export interface HealthFacts {
  /** Monotonic milliseconds, like all times here. */
  readonly nowMs: number;
  readonly startedMs: number;
  /** When a receive last ended, well or not; undefined before the first. */
  readonly lastPollMs: number | undefined;
  readonly pollWaitSeconds: number;
  /** When each running job last reported anything. */
  readonly lastJobEventsMs: readonly number[];
  /** A drain receives nothing, rightly. */
  readonly draining: boolean;
}

/** A watchdog ends what stalls long before this; a job silent for longer is one nobody watches. */
const SILENT_JOB_SECONDS = 3600;

/**
 * Whether this process gets on (R-O1, R-Q9): unhealthy when no receive has ended for three times the wait while no job
 * runs, or when a job has been silent for an hour. It asks no dependency: S3 being down does not make us ill.
 */
export function judgeHealth({ nowMs, startedMs, lastPollMs, pollWaitSeconds, lastJobEventsMs, draining }: HealthFacts): HealthReport {
  const sincePoll = (nowMs - (lastPollMs ?? startedMs)) / 1000;
  const idle = lastJobEventsMs.length === 0;
  const silent = lastJobEventsMs.map((at) => (nowMs - at) / 1000).filter((seconds) => seconds > SILENT_JOB_SECONDS);
  return report([
    idle && !draining && sincePoll > 3 * pollWaitSeconds ? `no receive has ended for ${Math.round(sincePoll)} s` : undefined,
    ...silent.map((seconds) => `a job has reported nothing for ${Math.round(seconds)} s`),
  ]);
}

export interface ReadinessFacts {
  readonly started: boolean;
  readonly draining: boolean;
  readonly freeBytes: number;
  readonly minimumFreeBytes: number;
}

/** Whether this process takes new work: started, not draining, room in the work folder. */
export function judgeReadiness({ started, draining, freeBytes, minimumFreeBytes }: ReadinessFacts): HealthReport {
  return report([
    started ? undefined : "starting",
    draining ? "draining" : undefined,
    freeBytes < minimumFreeBytes ? `the work folder has ${freeBytes} bytes free, below ${minimumFreeBytes}` : undefined,
  ]);
}

function report(findings: readonly (string | undefined)[]): HealthReport {
  const reasons = findings.filter((reason) => reason !== undefined);
  return { ok: reasons.length === 0, reasons };
}
