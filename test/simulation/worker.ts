import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "pino";
import { ShutdownError } from "../../src/domain/errors.ts";
import type { Ladder } from "../../src/domain/ladder.ts";
import { attemptJob } from "../../src/pipeline/attempt.ts";
import type { PipelineDeps } from "../../src/pipeline/deps.ts";
import type { Claim, ObjectStore, SourceStore } from "../../src/pipeline/ports.ts";
import { NO_FENCES } from "../../src/process/sandbox.ts";
import type { HandleMessage } from "../../src/queue/handle-message.ts";
import { createMessageHandler } from "../../src/queue/handle-message.ts";
import type { RunJob } from "../../src/queue/run-entries.ts";
import { claimTaker, unshared } from "../../src/state/claims.ts";
import { createFailureStore } from "../../src/state/failures.ts";
import { aLadder } from "../helpers/ladders.ts";
import type { ModelQueue } from "./model-queue.ts";
import { MAX_FAILURES, RULES } from "./rejections.ts";
import type { LadderName } from "./scenario.ts";
import { DEFAULT_LADDER } from "./scenario.ts";
import type { Safeguard } from "./safeguards.ts";
import type { Life } from "./scheduler.ts";
import type { World } from "./world.ts";
import { breaks, lives } from "./world.ts";

/** A tenth of the defaults in every part: the same order of things in a tenth of the polls. */
export const LEASE = { visibilitySeconds: 30, everySeconds: 6, marginSeconds: 6 };

export interface Surroundings {
  readonly queue: ModelQueue;
  readonly sources: SourceStore;
  readonly published: ObjectStore;
  readonly state: ObjectStore;
  readonly workDir: string;
  readonly logger: Logger;
  readonly without: Safeguard | undefined;
}

const RUNGS = [
  { shortSide: 144, capBps: 1000 },
  { shortSide: 240, capBps: 2000 },
  { shortSide: 360, capBps: 3000 },
];
const LADDERS: Readonly<Record<LadderName, Ladder>> = {
  test: aLadder({ name: "test", passThrough: false, rungs: RUNGS }),
  small: aLadder({ name: "small", passThrough: false, rungs: RUNGS.slice(0, 1) }),
};

/** The product's own handler over the models. */
function handlerOf(world: World, { queue, sources, published, state, workDir, logger, without }: Surroundings): HandleMessage {
  const taker = without === "claim" ? unshared : claimTaker({ store: state, lease: LEASE });
  const deps: PipelineDeps = {
    sources,
    published,
    ladders: new Map(Object.entries(LADDERS)),
    settings: {
      ladder: DEFAULT_LADDER,
      assetPathTemplate: "{key without extension}",
      publishPrefix: "",
      workDir,
      limits: {
        maxSourceBytes: 1e9,
        maxDurationSeconds: 1e5,
        maxWidth: 8192,
        maxHeight: 8192,
        maxPixels: 1e9,
        maxStreams: 32,
        maxGapSeconds: 60,
      },
      disk: { minimumFreeBytes: 0, sourceFactor: 1 },
      earlyPublish: true,
      concurrency: 1,
      encode: {
        stallSeconds: 120,
        deadlineFactor: 10,
        deadlineMinimumSeconds: 600,
        chunkAboveCores: 64,
        chunkSegments: 1000,
        parallelChunks: 1,
      },
    },
    tools: {
      ffmpegPath: "none",
      ffprobePath: "none",
      packagerPath: "none",
      threads: 1,
      sandbox: NO_FENCES,
    },
    takeClaim: without === "lease-check" ? async (...given) => unchecked(await taker(...given)) : taker,
    findKey: async () => Promise.reject(new Error("no ladder of the simulation is encrypted")),
    report: () => {},
  };
  const runJob: RunJob = async (job, context) => {
    const { checkLease } = context;
    return (await attemptJob(job, deps, { ...context, checkLease: without === "lease-check" ? () => {} : checkLease })).outcome;
  };
  const failures = createFailureStore(state);
  return createMessageHandler({
    rules: RULES,
    runJob,
    queue: queue.queue,
    failures: without === "failure-record" ? createFailureStore({ ...state, writeText: async () => ({ etag: "" }) }) : failures,
    lease: LEASE,
    maxFailures: MAX_FAILURES,
    logger,
    report: () => {},
    random: world.random.next,
  });
}

const unchecked = (claim: Claim): Claim => ({ ...claim, check: () => {} });

/** One incarnation of a worker, from its start until it is told to stop or killed. */
export async function runLife(world: World, life: Life, surroundings: Surroundings): Promise<void> {
  const { queue } = surroundings;
  const workDir = join(surroundings.workDir, life.worker);
  // What sweepWorkspaces does for a process that is gone; here all of them have one process id.
  rmSync(workDir, { recursive: true, force: true });
  mkdirSync(workDir, { recursive: true });
  await lives.run(life, async () => {
    const handle = handlerOf(world, { ...surroundings, workDir });
    const { signal } = life.stopping;
    while (!signal.aborted) {
      const message = await queue.receive();
      if (!message) continue;
      if (signal.aborted) {
        await queue.queue.release(message.receiptHandle, 0).catch(() => undefined);
        break;
      }
      life.holding = message.receiptHandle;
      const outcome = await handle(message, signal);
      life.holding = undefined;
      if (outcome === "no_ack") breaks(world, `R-Q3: ${message.messageId} was not settled`);
      if (life.children > 0) breaks(world, `I6: a program outlives its job in ${life.name}`);
    }
  });
}

/** Tells the process to stop now. */
export const stopLife = (life: Life): void => lives.run(life, () => life.stopping.abort(new ShutdownError("the worker stops")));
