import type { Random } from "../../test/simulation/random.ts";
import type { Agenda } from "./agenda.ts";
import { exponential } from "./chance.ts";
import type { Environment, Market } from "./environment.ts";
import type { Attempt, Jobs } from "./jobs.ts";
import type { Ledger } from "./ledger.ts";
import type { Policy } from "./policy.ts";

/** From the notice to the end: "two minutes before EC2 stops or terminates your Spot Instance". */
const NOTICE_SECONDS = 120;
const DROUGHT_TAKES_SECONDS = 600;

interface Instance {
  readonly market: Market;
  /** Draining takes nothing new and ends with its last job; ending has lost its jobs and waits for the end of its notice. */
  state: "booting" | "in service" | "draining" | "ending" | "gone";
  readonly running: Set<Attempt>;
}

/** The Auto Scaling group with its instances. */
export interface Group {
  setDesired(instances: number): void;
  desired(): number;
  inService(): number;
  isWarmingUp(): boolean;
  /** Gives waiting messages to free slots. */
  dispatch(): void;
  /** Starts what the desired capacity lacks. */
  reconcile(): void;
}

interface Site {
  readonly agenda: Agenda;
  readonly ledger: Ledger;
  readonly environment: Environment;
  readonly policy: Policy;
  readonly jobs: Jobs;
  readonly random: Random;
}

/** A group of no instances. */
export function createGroup({ agenda, ledger, environment, policy, jobs, random }: Site): Group {
  const free: Instance[] = [];
  const alive: Record<Market, Set<Instance>> = { "on-demand": new Set(), spot: new Set() };
  let desired = 0;
  let inService = 0;
  let scaledOutAt = Number.NEGATIVE_INFINITY;

  const isDrought = (): boolean => {
    const { drought } = environment;
    const hour = agenda.now() / 3600;
    return drought !== undefined && hour >= drought.fromHour && hour < drought.fromHour + drought.hours;
  };

  function launch(market: Market): void {
    const instance: Instance = { market, state: "booting", running: new Set() };
    alive[market].add(instance);
    ledger.instances(market, 1);
    agenda.after(environment.bootSeconds, () => enterService(instance));
    if (market === "on-demand") return;
    const rate = environment.interruptionsPerInstanceHour / 3600;
    if (rate > 0) agenda.after(exponential(random, 1 / rate), () => interrupt(instance));
  }

  function enterService(instance: Instance): void {
    if (instance.state !== "booting") return;
    instance.state = "in service";
    inService += 1;
    free.push(instance);
    dispatch();
  }

  function leave(instance: Instance, state: Instance["state"]): void {
    alive[instance.market].delete(instance);
    if (instance.state === "in service") inService -= 1;
    instance.state = state;
  }

  function end(instance: Instance): void {
    instance.state = "gone";
    ledger.instances(instance.market, -1);
  }

  /** A Spot notice, or none: the jobs are given back at once, and Capacity Rebalancing starts the replacement. */
  function interrupt(instance: Instance): void {
    if (instance.state === "gone" || instance.state === "ending") return;
    const isNoticed = !random.chance(environment.withoutNoticeShare);
    ledger.totals.interruptions += 1;
    if (instance.state !== "draining") leave(instance, "ending");
    instance.state = "ending";
    for (const attempt of instance.running) jobs.giveBack(attempt, isNoticed);
    instance.running.clear();
    if (isNoticed) agenda.after(NOTICE_SECONDS, () => end(instance));
    else end(instance);
    reconcile();
  }

  function onEnd(instance: Instance, attempt: Attempt): void {
    instance.running.delete(attempt);
    if (instance.state === "in service") free.push(instance);
    else if (instance.state === "draining" && instance.running.size === 0) end(instance);
    dispatch();
  }

  function dispatch(): void {
    while (jobs.visible() > 0) {
      const instance = free.at(-1);
      if (!instance) return;
      if (instance.state !== "in service" || instance.running.size >= policy.slotsPerInstance) {
        free.pop();
        continue;
      }
      const attempt = jobs.start((ended) => onEnd(instance, ended));
      if (!attempt) return;
      instance.running.add(attempt);
    }
  }

  function reconcile(): void {
    const onDemand = onDemandOf(desired, policy);
    while (alive["on-demand"].size < onDemand) launch("on-demand");
    if (!isDrought()) while (alive.spot.size < desired - onDemand) launch("spot");
    terminate("on-demand", alive["on-demand"].size - onDemand);
    terminate("spot", alive.spot.size - (desired - onDemand));
  }

  /** Those that do nothing first; the others finish what they do. */
  function terminate(market: Market, excess: number): void {
    if (excess <= 0) return;
    const byLoad = [...alive[market]].toSorted((one, other) => rankOf(one) - rankOf(other));
    for (const instance of byLoad.slice(0, excess)) {
      leave(instance, "draining");
      if (instance.running.size === 0) end(instance);
    }
  }

  if (environment.drought) {
    agenda.at(environment.drought.fromHour * 3600, () => {
      for (const instance of alive.spot) agenda.after(random.between(0, DROUGHT_TAKES_SECONDS), () => interrupt(instance));
    });
  }
  return {
    setDesired: (instances) => {
      if (instances > desired) scaledOutAt = agenda.now();
      desired = instances;
      reconcile();
    },
    desired: () => desired,
    inService: () => inService,
    isWarmingUp: () => agenda.now() < scaledOutAt + environment.bootSeconds + policy.warmUpSeconds,
    dispatch,
    reconcile,
  };
}

/** Booting first, then idle, then the least busy. */
const rankOf = ({ state, running }: Instance): number => (state === "booting" ? -1 : running.size);

/** AWS rounds the On-Demand share up. */
function onDemandOf(desired: number, { onDemandBaseInstances, onDemandPercentAboveBase }: Policy): number {
  const base = Math.min(desired, onDemandBaseInstances);
  return base + Math.ceil(((desired - base) * onDemandPercentAboveBase) / 100);
}
