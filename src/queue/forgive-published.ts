import type { Forgive } from "../state/forgive.ts";
import type { RunJob } from "./run-entries.ts";

/**
 * Takes a job's failures back when it is published after all: they would count against the same job, sent again months later.
 * A first receive has none of its own, and costs no request.
 */
export const forgivePublished =
  (runJob: RunJob, forgive: Forgive): RunJob =>
  async (job, context) => {
    const outcome = await runJob(job, context);
    if (outcome === "published" && context.receiveCount > 1) await forgive(job.id, context.signal).catch(() => undefined);
    return outcome;
  };
