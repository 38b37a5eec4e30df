/** A preload: timers that would take more than ten minutes fire in a second. */
const LONG_MS = 600_000;
const { setTimeout: patiently } = globalThis;

function hastily(act: (...given: readonly unknown[]) => void, ms = 0, ...given: readonly unknown[]): NodeJS.Timeout {
  return patiently(() => act(...given), ms > LONG_MS ? 1000 : ms);
}

Object.assign(globalThis, { setTimeout: Object.assign(hastily, patiently) });
