import type { Life } from "./scheduler.ts";
import { newLife } from "./scheduler.ts";
import type { Surroundings } from "./worker.ts";
import { runLife, stopLife } from "./worker.ts";
import type { World } from "./world.ts";
import { breaks, strikes } from "./world.ts";

/** What a clock that is set anew jumps by, at most. */
const CLOCK_JUMP_MS = 3_600_000;

/** Starts the workers, harms them by the weather, and starts them again. */
export function startWorkers(world: World, count: number, surroundings: Surroundings): ReadonlySet<Life> {
  const { scheduler, random, weather } = world;
  const alive = new Set<Life>();
  const names = Array.from({ length: count }, (_, at) => `worker-${at + 1}`);
  const aheadMs = new Map(names.map((name) => [name, random.between(-weather.clockSkewMs, weather.clockSkewMs)]));
  let born = 0;
  const start = (worker: string): void => {
    born += 1;
    const life = newLife({
      name: `${worker}/${born}`,
      worker,
      bornAtMs: scheduler.now(),
      clockAheadMs: aheadMs.get(worker) ?? 0,
    });
    alive.add(life);
    const end = (): void => {
      alive.delete(life);
      life.isAlive = false;
      scheduler.after(random.between(100, 10_000), { label: `start of ${worker}`, act: () => start(worker) });
    };
    world.deaths.set(life, end);
    runLife(world, life, surroundings).then(end, (error: unknown) => breaks(world, `${life.name} fell: ${String(error)}`));
  };
  const harms: Readonly<Record<string, (life: Life) => void>> = {
    killed: (life) => world.kill(life),
    frozen: (life) => (life.frozenUntilMs = scheduler.now() + random.between(500, 90_000)),
    "told to stop": stopLife,
    "cut off": (life) => (life.cutOffUntilMs = scheduler.now() + random.between(500, 45_000)),
    "set to another time": (life) => (life.clockAheadMs += random.between(-CLOCK_JUMP_MS, CLOCK_JUMP_MS)),
  };
  scheduler.onStep = ({ life, label }) => {
    // Where most happens is not where most can go wrong: most occasions are polls and timers.
    const isIdle = life?.holding === undefined && names.some((name) => name === life?.worker);
    const share = isIdle ? 0.05 : label.startsWith("answer") ? 1 : 0.2;
    if (!life?.isAlive || !strikes(world, weather.processFaults * share)) return;
    const harm = random.pick(Object.keys(harms));
    world.faults.push(`${life.name} ${harm} at ${label}`);
    world.note(`${life.name} is ${harm} before: ${label}`);
    harms[harm]?.(life);
  };
  for (const name of names) start(name);
  return alive;
}
