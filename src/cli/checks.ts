/** What one check of `doctor` found. */
export interface Finding {
  readonly name: string;
  readonly status: "ok" | "warning" | "failed" | "skipped";
  readonly detail: string;
}

/** A check: never rejects, what it cannot do is a finding. */
export interface Check {
  readonly name: string;
  run(signal: AbortSignal): Promise<Omit<Finding, "name">>;
}

/** A dependency that does not answer is a finding after this long. */
const DEADLINE_MS = 15_000;

/** Runs one check within its deadline; an error is a failed finding with the error's first line. */
export async function runCheck({ name, run }: Check, signal: AbortSignal): Promise<Finding> {
  try {
    return { name, ...(await run(AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]))) };
  } catch (error) {
    signal.throwIfAborted();
    const message = error instanceof Error ? reasonOf(error) : String(error);
    return { name, status: "failed", detail: message.split("\n")[0] ?? "" };
  }
}

/** Adapters wrap: the cause says more than "S3 does not serve". */
function reasonOf(error: Error): string {
  const { cause } = error;
  return cause instanceof Error && cause.message !== "" && cause.message !== error.message
    ? `${error.message}: ${cause.message}`
    : error.message;
}

const MARKS = { ok: "✓", warning: "!", failed: "✗", skipped: "–" } as const;

/** A finding as one line. */
export const describeFinding = ({ name, status, detail }: Finding): string => `${MARKS[status]} ${name.padEnd(16)} ${detail}`;
