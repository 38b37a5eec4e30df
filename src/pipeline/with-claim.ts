import { JobError } from "../domain/errors.ts";
import type { Job } from "../domain/job.ts";
import type { Admitted } from "./admit.ts";
import type { JobContext } from "./deps.ts";
import type { Claim } from "./ports.ts";
import { AlreadySubmitted, OUTCOME_OF } from "./ports.ts";
import type { JobResult, JobRun } from "./run-job.ts";

/**
 * Does the work under the claim to its source: its signal and its check are the claim's as well as the message's, and the
 * claim ends with what came of it. Throws what taking the claim and the work throw.
 */
export async function withClaim(
  { job, admitted }: { readonly job: Job; readonly admitted: Admitted },
  run: JobRun,
  work: (run: JobRun, claim: Claim) => Promise<JobResult>,
): Promise<JobResult> {
  const { deps, context, stage } = run;
  const { sourceId, ladderHash, assetPath } = admitted;
  const request = { jobId: job.id, messageId: context.messageId, sourceId, ladderHash, assetPath };
  const claim = await stage("claim", () => claimUnlessSubmitted(() => deps.takeClaim(request, context.signal)));
  if (claim === "submitted") return { outcome: "duplicate", assetPath };
  const claimed: JobContext = {
    ...context,
    signal: claim.signal,
    checkLease: () => {
      context.checkLease();
      claim.check();
    },
  };
  try {
    const result = await work({ ...run, context: claimed }, claim);
    await claim.end(result.outcome);
    return result;
  } catch (thrown) {
    // What is thrown while the claim is lost is a consequence of that.
    const error: unknown = claim.signal.aborted ? claim.signal.reason : thrown;
    await claim.end(error instanceof JobError ? OUTCOME_OF[error.disposition] : "failed");
    throw error;
  }
}

async function claimUnlessSubmitted(take: () => Promise<Claim>): Promise<Claim | "submitted"> {
  try {
    return await take();
  } catch (error) {
    if (error instanceof AlreadySubmitted) return "submitted";
    throw error;
  }
}
