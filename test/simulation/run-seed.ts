import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import type { Errand } from "./promises.ts";
import { createOnlooker } from "./promises.ts";
import type { ModelBucket } from "./model-bucket.ts";
import { createModelBucket } from "./model-bucket.ts";
import { DOUBLE_DELIVERY, createModelQueue } from "./model-queue.ts";
import { UPLOADS, createModelUploads } from "./model-uploads.ts";
import type { Random } from "./random.ts";
import { createRandom } from "./random.ts";
import type { Safeguard } from "./safeguards.ts";
import type { PlannedUpload, Scenario } from "./scenario.ts";
import { ASSET_PATH, planScenario } from "./scenario.ts";
import type { Life } from "./scheduler.ts";
import { createScheduler } from "./scheduler.ts";
import type { Surroundings } from "./worker.ts";
import { LEASE, runLife, stopLife } from "./worker.ts";
import type { Weather, World } from "./world.ts";
import { breaks, enterWorld, strikes } from "./world.ts";

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

/** As claims.ts has it. */
const MAX_CRASHES = 3;
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
  };
  return {
    random,
    scheduler: createScheduler(random),
    weather,
    faultsLeft: random.below(9),
    faults: [],
    broken: undefined,
    encodes: new Map(),
    note,
    kill: (life) => {
      life.isAlive = false;
      note(`${life.name} is killed`);
    },
  };
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
  const onlooker = createOnlooker(world, () => ({ assetPaths: [ASSET_PATH], errands, published, state, uploads, queue }));
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
  for (const upload of scenario.uploads) {
    const { key, etag, content, messagesAfterMs } = upload;
    scheduler.after(upload.atMs, {
      label: `upload of ${key}`,
      act: () => {
        const made = uploads.upload({ key, etag, content });
        world.note(`outside uploads ${key} ${etag}`);
        const position = key.endsWith(".vtt") ? undefined : uploads.history.length - 1;
        const body = eventOf(upload, scenario.isVersioned ? made.versionId : undefined);
        for (const afterMs of messagesAfterMs)
          scheduler.after(afterMs, {
            label: `event of ${key}`,
            act: () => errands.push({ message: queue.send(body), assetPath: ASSET_PATH, key, upload: position }),
          });
      },
    });
  }
  const logger = pino({ level: traces ? "debug" : "silent", base: null }, { write: (line: string) => world.note(`log ${line.trim()}`) });
  const surroundings = { queue, sources: uploads.store, published: published.store, state: state.store, workDir, logger, without };
  const alive = startWorkers(world, scenario.workers, surroundings);
  const messages = scenario.uploads.reduce((sum, { messagesAfterMs }) => sum + messagesAfterMs.length, 0);
  const isOver = (): boolean =>
    errands.length === messages &&
    queue.messages.every(({ isDeleted }) => isDeleted) &&
    [...alive].every(({ holding }) => holding === undefined);
  const steps = await until(world, isOver, MAX_STEPS);
  if (!isOver()) breaks(world, "I3: there are messages that never end");
  const overMs = scheduler.now();
  const rest = await until(world, () => scheduler.now() > overMs + REST_MS, MAX_STEPS);
  if (world.broken === undefined) {
    onlooker.seesEnd();
    boundEncodes(world, uploads.history);
    boundCrashes(world, state);
  }
  return steps + rest;
}

async function until(world: World, isOver: () => boolean, maxSteps: number): Promise<number> {
  let steps = 0;
  while (world.broken === undefined && !isOver() && steps < maxSteps && (await world.scheduler.step())) steps += 1;
  return steps;
}

/** What SQS delivers twice is received once too often, and harms nobody. */
const harmsIn = ({ faults }: World): number => faults.filter((fault) => !fault.startsWith(DOUBLE_DELIVERY)).length;

/** I8: without a fault each upload is encoded once; each fault may cost one encode. */
function boundEncodes(world: World, history: readonly { readonly content: string }[]): void {
  const harms = harmsIn(world);
  for (const [content, count] of world.encodes) {
    const uploads = history.filter((upload) => upload.content === content).length;
    if (count > uploads + harms) breaks(world, `I8: ${content} was encoded ${count} times after ${harms} faults`);
  }
}

/** R-Q10: a source that is given up for its crashes had three of them. */
function boundCrashes(world: World, { objects }: ModelBucket): void {
  const isGivenUp = [...objects].some(([key, { text = "" }]) => key.startsWith("failures/") && text.includes('"resource_limit"'));
  if (isGivenUp && harmsIn(world) < MAX_CRASHES) breaks(world, `R-Q10: a source was given up after ${harmsIn(world)} faults`);
}

/** Starts the workers, harms them by the weather, and starts them again. */
function startWorkers(world: World, count: number, surroundings: Surroundings): ReadonlySet<Life> {
  const { scheduler, random, weather } = world;
  const alive = new Set<Life>();
  let born = 0;
  const start = (worker: string): void => {
    born += 1;
    const life: Life = {
      name: `${worker}/${born}`,
      worker,
      isAlive: true,
      frozenUntilMs: 0,
      cutOffUntilMs: 0,
      stopping: new AbortController(),
      holding: undefined,
      children: 0,
    };
    alive.add(life);
    const end = (): void => {
      alive.delete(life);
      life.isAlive = false;
      scheduler.after(random.between(100, 10_000), { label: `start of ${worker}`, act: () => start(worker) });
    };
    ends.set(life, end);
    runLife(world, life, surroundings).then(end, (error: unknown) => breaks(world, `${life.name} fell: ${String(error)}`));
  };
  const ends = new Map<Life, () => void>();
  const kill = world.kill;
  world.kill = (life) => {
    kill(life);
    ends.get(life)?.();
  };
  const harms: Readonly<Record<string, (life: Life) => void>> = {
    killed: (life) => world.kill(life),
    frozen: (life) => (life.frozenUntilMs = scheduler.now() + random.between(500, 90_000)),
    "told to stop": stopLife,
    "cut off": (life) => (life.cutOffUntilMs = scheduler.now() + random.between(500, 45_000)),
  };
  scheduler.onStep = ({ life, label }) => {
    // Where most happens is not where most can go wrong: most occasions are polls and timers.
    const share = life?.holding === undefined ? 0.05 : label.startsWith("answer") ? 1 : 0.2;
    if (!life?.isAlive || !strikes(world, weather.processFaults * share)) return;
    const harm = random.pick(Object.keys(harms));
    world.faults.push(`${life.name} ${harm} at ${label}`);
    world.note(`${life.name} is ${harm} before: ${label}`);
    harms[harm]?.(life);
  };
  for (let at = 0; at < count; at += 1) start(`worker-${at + 1}`);
  return alive;
}

/** The message that S3 sends of an upload. */
function eventOf({ key, etag, content }: PlannedUpload, versionId: string | undefined): string {
  const object = { key, size: content.length, eTag: etag, sequencer: "00", ...(versionId === undefined ? {} : { versionId }) };
  const record = {
    eventVersion: "2.1",
    eventSource: "aws:s3",
    awsRegion: "eu-central-1",
    eventTime: new Date().toISOString(),
    eventName: "ObjectCreated:Put",
    s3: { bucket: { name: UPLOADS }, object },
  };
  return JSON.stringify({ Records: [record] });
}
