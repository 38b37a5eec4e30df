import { AsyncLocalStorage } from "node:async_hooks";
import type { Random } from "./random.ts";
import type { Life, Scheduler } from "./scheduler.ts";

/** How rough one run is. */
export interface Weather {
  /** Of a request, that it goes wrong in one of its ways. */
  readonly requestFaults: number;
  /** Of anything that reaches a process, that the process comes to harm just then. */
  readonly processFaults: number;
  /** Of a receive, that its message stays visible for others. */
  readonly doubleDelivery: number;
  /** Of an encode, that it fails. */
  readonly encodeFailures: number;
  /** What a worker's clock is off by, at most. */
  readonly clockSkewMs: number;
}

/** One run's surroundings: what every model and every process of it shares. */
export interface World {
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly weather: Weather;
  /** Faults that may still happen: after the last one everything must come to its end. */
  faultsLeft: number;
  readonly faults: string[];
  /** The first broken promise. */
  broken: string | undefined;
  /** Ends a process as SIGKILL does. */
  kill(life: Life): void;
  /** What else ends with a process that is killed. */
  readonly deaths: Map<Life, () => void>;
  /** How often somebody asked for a rollback. */
  rollbacks: number;
  /** Encodes that were begun, by what was encoded. */
  readonly encodes: Map<string, number>;
  /** A line of the trace. */
  readonly note: (line: string) => void;
}

let world: World | undefined;

/** Makes `next` the world of everything in this process; undefined ends it. */
export function enterWorld(next: World | undefined): void {
  world = next;
}

export const currentWorld = (): World | undefined => world;

/** Which process the running code belongs to. */
export const lives = new AsyncLocalStorage<Life>();

/** Notes a broken promise; the first one ends the run. */
export function breaks(at: World, promise: string): void {
  at.broken ??= promise;
}

/** Takes a fault from the run's budget with this probability. */
export function strikes(at: World, probability: number): boolean {
  if (at.faultsLeft <= 0 || !at.random.chance(probability)) return false;
  at.faultsLeft -= 1;
  return true;
}
