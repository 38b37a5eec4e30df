import { setTimeout as sleep } from "node:timers/promises";

const ASK_AGAIN_MS = 50;

/** The first value of `look` that is not undefined, asked twenty times a second. Throws an error that says what never came. */
export async function until<T>(what: string, look: () => Promise<T | undefined> | T | undefined, timeoutMs = 30_000): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await sleep(ASK_AGAIN_MS);
  }
}
