import type { Aws } from "./aws/open-aws.ts";
import type { DaemonConfig } from "./config/config.ts";
import { loadPresets } from "./config/elastic-presets.ts";
import { laddersInForce } from "./config/ladders.ts";
import { encodeBudgetBytes } from "./engines/ffmpeg/capacity.ts";
import { keyFinder } from "./keys/find-key.ts";
import type { Observer } from "./observer.ts";
import type { AttemptWork } from "./pipeline/attempt.ts";
import type { PipelineDeps, Tools } from "./pipeline/deps.ts";
import { createMemoryGate } from "./pipeline/memory-gate.ts";
import { recordedAttempt } from "./pipeline/recorded-attempt.ts";
import { forgivePublished } from "./queue/forgive-published.ts";
import type { HandleMessage, MessageHandlerOptions } from "./queue/handle-message.ts";
import { createMessageHandler } from "./queue/handle-message.ts";
import { MAX_FAILURES } from "./queue/verdict.ts";
import { leaseOf } from "./services.ts";
import { claimTaker } from "./state/claims.ts";
import { createFailureStore } from "./state/failures.ts";
import { forgiver } from "./state/forgive.ts";

export interface DepsParts {
  readonly aws: Aws;
  readonly tools: Tools;
  readonly observer: Pick<Observer, "job">;
}

/** What the pipeline needs of outside by the configuration, but for managed engines. */
export const pipelineDeps = (config: DaemonConfig, { aws, tools, observer }: DepsParts): PipelineDeps => ({
  sources: aws.sources,
  published: aws.bucket(config.publishBucket),
  ladders: laddersInForce(config),
  presets: loadPresets(config),
  settings: config,
  tools,
  memory: createMemoryGate(encodeBudgetBytes()),
  takeClaim: claimTaker({ store: aws.bucket(config.stateBucket), lease: leaseOf(config) }),
  findKey: keyFinder(config.environmentSecret),
  report: observer.job,
});

export interface JobHandlerParts extends Pick<MessageHandlerOptions, "queue" | "logger" | "report" | "notify"> {
  readonly aws: Aws;
  readonly deps: PipelineDeps;
  /** Instead of the whole job. */
  readonly work?: AttemptWork;
}

/** The handler of the job queue's messages, the same wherever they are received. */
export function jobHandler(config: DaemonConfig, { aws, deps, work, ...parts }: JobHandlerParts): HandleMessage {
  const { uploadBuckets, publishBucket, publishPrefix, region } = config;
  const store = aws.bucket(config.stateBucket);
  const rest = work ? { rest: { work } } : {};
  return createMessageHandler({
    ...parts,
    rules: { uploadBuckets, publishBucket, publishPrefix, region },
    runJob: forgivePublished(
      async (job, context) => (await recordedAttempt(job, { deps, context, store, ...rest })).outcome,
      forgiver(store),
    ),
    failures: createFailureStore(store),
    lease: leaseOf(config),
    maxFailures: MAX_FAILURES,
  });
}
