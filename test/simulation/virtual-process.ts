import crypto from "node:crypto";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers/promises";
import type { Scheduled } from "./scheduler.ts";
import { currentWorld, lives } from "./world.ts";

/** A date that every run of the same seed begins with. */
export const EPOCH_MS = Date.UTC(2026, 0, 1);
const REAL = { setTimeout, clearTimeout, now: Date.now };

/**
 * Gives this process virtual time, seeded chance and a file system without threads, for good. The code under test takes
 * them from globals and built-in modules as any program does, libraries included; to hand each of them in would change
 * the program for the sake of its test. It must run before that code is imported, and in a process of its own.
 */
export function installVirtualProcess(): void {
  installClock();
  installTimers();
  installChance();
  installFiles();
  syncBuiltinESMExports();
}

const define = (target: object, name: string, value: unknown): void => {
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
};

function installClock(): void {
  const nowMs = (): number => {
    const world = currentWorld();
    return world ? EPOCH_MS + world.scheduler.now() + (lives.getStore()?.clockAheadMs ?? 0) : REAL.now();
  };
  class VirtualDate extends Date {
    constructor(given?: string | number | Date) {
      super(given ?? nowMs());
    }
    static override now(): number {
      return nowMs();
    }
  }
  define(globalThis, "Date", VirtualDate);
  const real = performance.now.bind(performance);
  define(performance, "now", () => currentWorld()?.scheduler.now() ?? real());
}

/** What setTimeout hands out: enough of a timer for those who clear it or let the process end before it. */
interface VirtualTimer {
  readonly scheduled: Scheduled;
  ref(): VirtualTimer;
  unref(): VirtualTimer;
}

function virtualTimer(act: () => void, ms: number): VirtualTimer | undefined {
  const world = currentWorld();
  if (!world) return undefined;
  const life = lives.getStore();
  const run = (): void => (life ? lives.run(life, act) : act());
  const scheduled = world.scheduler.after(ms, { label: "timer", life, act: run });
  const timer: VirtualTimer = { scheduled, ref: () => timer, unref: () => timer };
  return timer;
}

const isVirtual = (timer: unknown): timer is VirtualTimer => typeof timer === "object" && timer !== null && "scheduled" in timer;

function installTimers(): void {
  define(globalThis, "setTimeout", (act: () => void, ms = 0) => virtualTimer(act, ms) ?? REAL.setTimeout(act, ms));
  define(globalThis, "clearTimeout", (timer: NodeJS.Timeout | undefined) => {
    if (isVirtual(timer)) currentWorld()?.scheduler.cancel(timer.scheduled);
    else REAL.clearTimeout(timer);
  });
  define(AbortSignal, "timeout", (ms: number) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new DOMException("the time is over", "TimeoutError")), ms);
    return controller.signal;
  });
  define(timers, "setTimeout", virtualSleep);
}

/** As node:timers/promises has it: an abort rejects. */
async function virtualSleep(ms?: number, value?: unknown, { signal }: { signal?: AbortSignal } = {}): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(new DOMException("aborted", "AbortError"));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve(value);
    }, ms);
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort, { once: true });
  });
}

function installChance(): void {
  const real = Math.random;
  define(Math, "random", () => currentWorld()?.random.next() ?? real());
  define(crypto, "randomBytes", (size: number) => Buffer.from(Array.from({ length: size }, () => Math.floor(Math.random() * 256))));
}

/** A call that a thread would answer at its own time is answered at once: the order of a run depends on its seed alone. */
function installFiles(): void {
  const sync = new Map<string, unknown>(Object.entries(fs));
  for (const name of Object.keys(fs.promises)) {
    const twin = sync.get(`${name}Sync`);
    if (typeof twin !== "function") continue;
    define(fs.promises, name, async (...given: readonly unknown[]): Promise<unknown> => Reflect.apply(twin, fs, given));
  }
}
