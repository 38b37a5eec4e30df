import type { Life } from "./scheduler.ts";
import type { World } from "./world.ts";
import { lives, strikes } from "./world.ts";

/** What becomes of a request to a service. */
export const FATES = [
  /** It is done and answered. */
  "served",
  /** 500, 503, a connection that cannot be made: nothing was done. */
  "refused",
  /** It was done, the answer is lost, and the client gives up. */
  "unanswered",
  /** It was done, the answer is lost, and the client's own second try is answered. */
  "repeated",
  /** The client gives up first; the service does it later. */
  "late",
  /** The service says that it was done, and it was not. */
  "dropped",
] as const;
export type Fate = (typeof FATES)[number];

export interface Request<T> {
  readonly label: string;
  /** Done at the service, in one step; what it throws is its answer. */
  readonly apply: () => T;
  readonly signal?: AbortSignal | undefined;
  /** What the client throws when nobody answers. */
  readonly failure: () => Error;
  /** The ways in which it may go wrong. */
  readonly faults?: readonly Fate[];
  /** What a service answers that does nothing. */
  readonly pretend?: () => T;
}

const USUAL: readonly Fate[] = ["refused", "unanswered", "repeated", "late"];
const MOST_LATE_MS = 40_000;

/** Until a request is done or an answer arrives: mostly soon; so late that a lease may suffer is a fault. */
function latencyMs(world: World, label: string): number {
  const { random, weather, faults } = world;
  if (strikes(world, weather.requestFaults)) {
    faults.push(`slow ${label}`);
    return random.between(1000, 12_000);
  }
  return random.chance(0.9) ? random.between(1, 30) : random.between(30, 800);
}

/** Sends a request from the process that runs now. Both its ways take time, and the process may be gone before the answer. */
export async function send<T>(world: World, request: Request<T>): Promise<T> {
  const { label, signal, failure } = request;
  const { scheduler, random, note } = world;
  const life = lives.getStore();
  if (signal?.aborted) throw signal.reason;
  const fate = fateOf(world, request, life);
  if (fate !== "served") note(`${nameOf(life)} ${label} will be ${fate}`);
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    const answer = (settle: () => void): void => {
      scheduler.after(latencyMs(world, label), {
        label: `answer ${label}`,
        life,
        act: () => {
          signal?.removeEventListener("abort", abort);
          settle();
        },
      });
    };
    const perform = (tries = 1): (() => void) => {
      try {
        let result = request.apply();
        for (let left = tries - 1; left > 0; left -= 1) result = request.apply();
        note(`${nameOf(life)} ${label}`);
        return () => resolve(result);
      } catch (error) {
        note(`${nameOf(life)} ${label}: ${error instanceof Error ? error.name : "refused"}`);
        return () => reject(error);
      }
    };
    const fail = (): void => reject(failure());
    // What a process sent before its end arrives or does not.
    const reach = (act: () => void): void => {
      const lostWithProcess = random.chance(0.5);
      const arrive = (): void => {
        if (life?.isAlive !== false || !lostWithProcess) act();
      };
      scheduler.after(latencyMs(world, label), { label, act: arrive });
    };
    const ways: Readonly<Record<Fate, () => void>> = {
      served: () => reach(() => answer(perform())),
      refused: () => answer(fail),
      unanswered: () =>
        reach(() => {
          perform();
          answer(fail);
        }),
      repeated: () => reach(() => answer(perform(2))),
      late: () => {
        answer(fail);
        scheduler.after(random.between(0, MOST_LATE_MS), { label: `late ${label}`, act: () => void perform() });
      },
      dropped: () => answer(() => (request.pretend ? resolve(request.pretend()) : fail())),
    };
    ways[fate]();
  });
}

function fateOf<T>(world: World, { faults = USUAL, label }: Request<T>, life: Life | undefined): Fate {
  if (life && life.cutOffUntilMs > world.scheduler.now()) return "refused";
  if (!strikes(world, world.weather.requestFaults)) return "served";
  const fate = world.random.pick(faults);
  world.faults.push(`${fate} ${label}`);
  return fate;
}

export const nameOf = (life: Life | undefined): string => life?.name ?? "outside";
