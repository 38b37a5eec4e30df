import type { Random } from "../../test/simulation/random.ts";
import { createRandom } from "../../test/simulation/random.ts";
import { createAgenda } from "./agenda.ts";
import { exponential } from "./chance.ts";
import type { DrawWork, Environment, Load } from "./environment.ts";
import { createGroup } from "./group.ts";
import { createJobs } from "./jobs.ts";
import type { Ledger, Sample, Totals } from "./ledger.ts";
import { createLedger } from "./ledger.ts";
import type { Policy } from "./policy.ts";
import type { Datapoint } from "./target-tracking.ts";
import { createScaler } from "./target-tracking.ts";

export interface Run {
  readonly load: Load;
  readonly drawWork: DrawWork;
  readonly policy: Policy;
  readonly environment: Environment;
  readonly seed: number;
  /** How long the fleet may go on after the last upload, to finish what waits; a day unless it is said. */
  readonly drainHours?: number;
}

export interface Outcome {
  readonly totals: Totals;
  readonly samples: readonly Sample[];
  /** Seconds from the upload to the start of the first attempt, and to the publish. */
  readonly wait: Spread;
  readonly publish: Spread;
  /** At the end. */
  readonly waiting: number;
  readonly inFlight: number;
  readonly endedAtSeconds: number;
  readonly costUsd: number;
}

export interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly mean: number;
}

const MINUTE = 60;
/** "A queue stays active for up to six hours"; "a delay of up to 15 minutes occurs" when it is activated again. */
const INACTIVE_AFTER_SECONDS = 6 * 3600;
const ACTIVATION_SECONDS = 15 * 60;
/** Streams of chance of their own: what the fleet does changes nothing about the uploads. */
const [UPLOAD_STREAM, SIZE_STREAM, FLEET_STREAM] = [1, 2, 3];

/**
 * Runs a fleet under a load to the end: arrivals by a Poisson process whose rate changes, an SQS queue, an Auto Scaling
 * group that follows its metrics, Spot that interrupts. The same for the same seed.
 */
export function simulate({ load, drawWork, policy, environment, seed, drainHours = 24 }: Run): Outcome {
  const stream = (number: number): Random => createRandom(seed * 7919 + number);
  const agenda = createAgenda();
  const ledger = createLedger(agenda);
  const jobs = createJobs({ agenda, ledger, environment, onVisible: () => group.dispatch() });
  const group = createGroup({ agenda, ledger, environment, policy, jobs, random: stream(FLEET_STREAM) });
  const scale = createScaler(policy);
  const metrics = createMetrics(environment, stream(FLEET_STREAM + 1));
  const sizes = stream(SIZE_STREAM);
  const loadEnds = load.hours * 3600;
  const ends = loadEnds + drainHours * 3600;
  let arrivalsBefore = 0;
  const run = { isOver: false };

  function nextUpload(random: Random): void {
    const at = nextArrival(random, load, agenda.now());
    if (at >= loadEnds) return;
    agenda.at(at, () => {
      jobs.arrive(drawWork(sizes));
      nextUpload(random);
    });
  }

  function minute(): void {
    const point = { visible: jobs.visible(), inFlight: jobs.inFlight(), inService: group.inService() };
    const known = metrics(agenda.now(), point);
    group.setDesired(scale(known, { desired: group.desired(), isWarmingUp: group.isWarmingUp() }));
    ledger.samples.push({
      minute: agenda.now() / MINUTE,
      arrivals: ledger.totals.arrivals - arrivalsBefore,
      waiting: point.visible,
      running: jobs.running(),
      instances: ledger.paidFor(),
      oldestSeconds: jobs.oldestSeconds(),
    });
    arrivalsBefore = ledger.totals.arrivals;
    run.isOver = agenda.now() >= loadEnds && point.visible + point.inFlight === 0 && ledger.paidFor() <= policy.minimumInstances;
    agenda.after(MINUTE, minute);
  }

  group.setDesired(policy.minimumInstances);
  agenda.at(0, minute);
  nextUpload(stream(UPLOAD_STREAM));
  while (!run.isOver && agenda.step(ends));
  ledger.close();
  return outcomeOf(ledger, { waiting: jobs.visible(), inFlight: jobs.inFlight(), endedAtSeconds: agenda.now() }, environment);
}

/** The next of a Poisson process with a changing rate, by thinning one with the highest rate (Lewis and Shedler). */
function nextArrival(random: Random, load: Load, from: number): number {
  let at = from;
  do {
    if (load.highestPerHour === 0 || at > load.hours * 3600) return Number.POSITIVE_INFINITY;
    at += exponential(random, 3600 / load.highestPerHour);
  } while (random.next() * load.highestPerHour >= load.perHour(at));
  return at;
}

/** What CloudWatch knows at a minute: earlier datapoints, and none while SQS wakes a queue that nobody used for hours. */
function createMetrics(
  { metricDelaySeconds, isKeptAwake }: Environment,
  random: Random,
): (now: number, point: Datapoint) => Datapoint | undefined {
  let reported: { readonly at: number; readonly point: Datapoint | undefined }[] = [];
  let usedAt = 0;
  let silentUntil = 0;
  return (now, point) => {
    const isUsed = point.visible + point.inFlight + point.inService > 0;
    if (isUsed && !isKeptAwake && now - usedAt > INACTIVE_AFTER_SECONDS) silentUntil = now + random.between(0, ACTIVATION_SECONDS);
    if (isUsed) usedAt = now;
    reported.push({ at: now, point: now < silentUntil ? undefined : point });
    const known = reported.findLast(({ at }) => at <= now - metricDelaySeconds);
    if (known) reported = reported.filter(({ at }) => at >= known.at);
    return known?.point;
  };
}

function outcomeOf(
  { totals, samples, waits, sojourns }: Ledger,
  end: Pick<Outcome, "waiting" | "inFlight" | "endedAtSeconds">,
  { usdPerHour }: Environment,
): Outcome {
  const spread = ({ quantile, mean }: Ledger["waits"]): Spread => ({ p50: quantile(0.5), p99: quantile(0.99), mean: mean() });
  const costUsd = (totals.instanceSeconds["on-demand"] * usdPerHour["on-demand"] + totals.instanceSeconds.spot * usdPerHour.spot) / 3600;
  return { totals, samples, wait: spread(waits), publish: spread(sojourns), ...end, costUsd };
}
