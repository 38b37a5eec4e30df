import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import type { Errand } from "./promises.ts";
import { createOnlooker } from "./promises.ts";
import { boundCrashes, boundEncodes } from "./bounds.ts";
import { playOutside } from "./messages.ts";
import { createModelBucket } from "./model-bucket.ts";
import { createModelQueue } from "./model-queue.ts";
import { createModelUploads } from "./model-uploads.ts";
import { nobodysRevision } from "./naming.ts";
import type { Operators } from "./operators.ts";
import { SWEEP_AGE_SECONDS, playOperators, sweepOnce } from "./operators.ts";
import type { Random } from "./random.ts";
import { createRandom } from "./random.ts";
import type { Safeguard } from "./safeguards.ts";
import type { Scenario } from "./scenario.ts";
import { planScenario } from "./scenario.ts";
import { createScheduler } from "./scheduler.ts";
import { LEASE } from "./worker.ts";
import { startWorkers } from "./workers.ts";
import type { Weather, World } from "./world.ts";
import { breaks, enterWorld } from "./world.ts";

export interface SeedRun {
  readonly seed: number;
  readonly scenario: string;
  /** The first promise that was broken; undefined for a run in which all held. */
  readonly broken: string | undefined;
  readonly faults: readonly string[];
  readonly steps: number;
  readonly encodes: number;
  readonly trace: readonly string[];
}

export interface SeedOptions {
  readonly without?: Safeguard | undefined;
  /** Keeps every line of what happened. */
  readonly traces?: boolean;
}

/** More than any run with so few faults needs. */
const MAX_STEPS = 40_000;
/** For what was sent before the end, and arrives after it. */
const REST_MS = 60_000;

/** Runs one seed: the same one always does the same. */
export async function runSeed(seed: number, { without, traces = false }: SeedOptions = {}): Promise<SeedRun> {
  const random = createRandom(seed);
  const scenario = planScenario(random);
  const trace: string[] = [];
  const world = createWorld(random, (line) => (traces ? trace.push(`${(world.scheduler.now() / 1000).toFixed(3)} ${line}`) : 0));
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "ladderd-simulation-"));
  enterWorld(world);
  try {
    const steps = await play(world, scenario, { workDir: folder, without, traces });
    const left = readdirSync(folder).flatMap((worker) => readdirSync(join(folder, worker)));
    if (left.length > 0) breaks(world, `I7: idle workers leave ${left.join(", ")}`);
    const encodes = [...world.encodes.values()].reduce((sum, count) => sum + count, 0);
    return { seed, scenario: scenario.name, broken: world.broken, faults: world.faults, steps, encodes, trace };
  } finally {
    enterWorld(undefined);
    rmSync(folder, { recursive: true, force: true });
  }
}

function createWorld(random: Random, note: (line: string) => void): World {
  const weather: Weather = {
    requestFaults: random.pick([0, 0, 0.003, 0.01, 0.05]),
    processFaults: random.pick([0, 0, 0.003, 0.01, 0.03]),
    doubleDelivery: random.pick([0, 0, 0.2]),
    encodeFailures: random.pick([0, 0, 0, 0.1]),
    clockSkewMs: random.pick([0, 0, 5 * 60_000]),
  };
  const world: World = {
    random,
    scheduler: createScheduler(random),
    weather,
    faultsLeft: random.below(9),
    faults: [],
    broken: undefined,
    deaths: new Map(),
    rollbacks: 0,
    encodes: new Map(),
    note,
    kill: (life) => {
      life.isAlive = false;
      note(`${life.name} is killed`);
      world.deaths.get(life)?.();
    },
  };
  return world;
}

interface Stage {
  readonly workDir: string;
  readonly without: Safeguard | undefined;
  readonly traces: boolean;
}

/** Plays the scenario to its end, or to the first broken promise. */
async function play(world: World, scenario: Scenario, { workDir, without, traces }: Stage): Promise<number> {
  const { scheduler } = world;
  const errands: Errand[] = [];
  const onlooker = createOnlooker(world, () => ({ ...scenario, errands, published, state, uploads, queue }));
  const listsTruly = without !== "listing";
  const published = createModelBucket(world, {
    name: "published",
    onChange: onlooker.sees,
    onSend: onlooker.seesSending,
    honoursConditions: without !== "conditions",
    listsTruly,
  });
  const state = createModelBucket(world, {
    name: "state",
    onChange: () => {},
    onSend: () => {},
    honoursConditions: without !== "conditions",
    listsTruly: true,
  });
  const uploads = createModelUploads(world);
  const queue = createModelQueue(world, {
    visibilitySeconds: LEASE.visibilitySeconds,
    maxReceiveCount: 20,
    onDelete: onlooker.seesDelete,
  });
  const messages = playOutside({ world, scenario, uploads, queue, errands });
  const logger = pino({ level: traces ? "debug" : "silent", base: null }, { write: (line: string) => world.note(`log ${line.trim()}`) });
  const surroundings = { queue, sources: uploads.store, published: published.store, state: state.store, workDir, logger, without };
  const alive = startWorkers(world, scenario.workers, surroundings);
  const areRollbacksDone = playOperators(world, scenario, { published, state });
  const isOver = (): boolean =>
    areRollbacksDone() &&
    errands.length === messages &&
    queue.messages.every(({ isDeleted }) => isDeleted) &&
    [...alive].every(({ holding }) => holding === undefined);
  const steps = await until(world, isOver, MAX_STEPS);
  if (!isOver()) breaks(world, "I3: there are messages that never end");
  const overMs = scheduler.now();
  let rest = await until(world, () => scheduler.now() > overMs + REST_MS, MAX_STEPS);
  if (scenario.sweepsAtMs.length > 0) rest += await sweepAtEnd(world, { published, state });
  if (world.broken === undefined) {
    onlooker.seesEnd();
    boundEncodes(world, scenario);
    boundCrashes(world, state);
  }
  return steps + rest;
}

/** When all is old enough and nothing goes wrong, a sweep leaves what is somebody's and nothing else. */
async function sweepAtEnd(world: World, operators: Operators): Promise<number> {
  world.faultsLeft = 0;
  const overMs = world.scheduler.now();
  const steps = await until(world, () => world.scheduler.now() > overMs + SWEEP_AGE_SECONDS * 1000 + 2000, MAX_STEPS);
  const sweep = { isOver: false };
  const swept = sweepOnce(world, operators).then(() => (sweep.isOver = true));
  const more = await until(world, () => sweep.isOver, MAX_STEPS);
  if (world.broken !== undefined) return steps + more;
  await swept;
  const left = nobodysRevision(operators);
  if (left !== undefined) breaks(world, `R-P9: ${left} is nobody's, and was not swept`);
  return steps + more;
}

async function until(world: World, isOver: () => boolean, maxSteps: number): Promise<number> {
  let steps = 0;
  while (world.broken === undefined && !isOver() && steps < maxSteps && (await world.scheduler.step())) steps += 1;
  return steps;
}
