import { SourceError } from "../../src/domain/errors.ts";
import { rollBack } from "../../src/publish/rollback.ts";
import { sweepBuckets } from "../../src/state/sweep-buckets.ts";
import type { ModelBucket } from "./model-bucket.ts";
import { ASSET_PATH } from "./scenario.ts";
import type { Scenario } from "./scenario.ts";
import type { Life } from "./scheduler.ts";
import { newLife } from "./scheduler.ts";
import type { World } from "./world.ts";
import { lives } from "./world.ts";

/** Longer than any attempt runs here, and than anything that was sent before arrives. */
export const SWEEP_AGE_SECONDS = 240;
const SWEEPER = "gc";
/** A person looks again after so long. */
const AGAIN_MS = 5000;

export interface Operators {
  readonly published: ModelBucket;
  readonly state: ModelBucket;
}

export const isSweeper = (life: Life | undefined): boolean => life?.worker === SWEEPER;

/** Removes what is nobody's, as `ladderd gc` does; resolves when it ended, however that was. */
export function sweepOnce(world: World, { published, state }: Operators): Promise<void> {
  const pick = (name: string): ModelBucket => (name === "published" ? published : state);
  const options = {
    stores: { bucket: (name: string) => pick(name).store, sweepBucket: (name: string) => pick(name).sweeping },
    publishBucket: "published",
    stateBucket: "state",
    publishPrefix: "",
    olderThanSeconds: SWEEP_AGE_SECONDS,
    dryRun: false,
  };
  return run(world, SWEEPER, async (signal) => void (await sweepBuckets(options, signal)));
}

/** Lets the operator sweep and roll back when the scenario has it. Tells whether all rollbacks came to their end. */
export function playOperators(world: World, { sweepsAtMs, rollbacksAtMs }: Scenario, buckets: Operators): () => boolean {
  const { scheduler } = world;
  let open = rollbacksAtMs.length;
  const rollBackOnce = async (): Promise<void> => {
    const end = { isDone: false };
    world.rollbacks += 1;
    await run(world, "operator", async (signal) => {
      try {
        const { kind } = await rollBack({ store: buckets.published.store, assetPath: ASSET_PATH }, signal);
        world.note(`the rollback: ${kind}`);
        end.isDone = true;
      } catch (error) {
        // Nothing is published yet: nobody would ask.
        end.isDone = error instanceof SourceError;
      }
    });
    if (end.isDone) open -= 1;
    else scheduler.after(AGAIN_MS, { label: "the operator tries again", act: () => void rollBackOnce() });
  };
  for (const atMs of sweepsAtMs) scheduler.after(atMs, { label: "the operator sweeps", act: () => void sweepOnce(world, buckets) });
  for (const atMs of rollbacksAtMs) scheduler.after(atMs, { label: "the operator rolls back", act: () => void rollBackOnce() });
  return () => open === 0;
}

/** Runs a command as a process of its own, up to its end, failure or death. */
async function run(world: World, name: string, command: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const { scheduler, random, weather } = world;
  const clockAheadMs = random.between(-weather.clockSkewMs, weather.clockSkewMs);
  const life = newLife({ name: `${name}/${Math.round(scheduler.now())}`, worker: name, bornAtMs: scheduler.now(), clockAheadMs });
  const died = new Promise<void>((resolve) => world.deaths.set(life, resolve));
  const ran = lives
    .run(life, () => command(life.stopping.signal))
    .catch((error: unknown) => world.note(`${life.name} fails: ${String(error)}`));
  await Promise.race([died, ran]);
  life.isAlive = false;
}
