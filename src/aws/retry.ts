import { setTimeout as sleep } from "node:timers/promises";
import { StorageError } from "../domain/errors.ts";

export interface RetryOptions {
  readonly tries: number;
  /** The first pause; it doubles, with full jitter. */
  readonly pauseMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Which errors are worth another try; StorageErrors when absent. */
  readonly retryable?: (error: unknown) => boolean;
}

/** Runs `attempt` until it resolves, its error is not worth another try, or the tries are used up; then throws the last error. */
export async function retrying<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { tries, pauseMs = 200, signal, retryable = (error) => error instanceof StorageError } = options;
  for (let left = tries - 1, pause = pauseMs; ; left -= 1, pause *= 2) {
    try {
      return await attempt();
    } catch (error) {
      signal?.throwIfAborted();
      if (left <= 0 || !retryable(error)) throw error;
      // An abort ends the pause; the check above or the next attempt then throws its reason.
      await sleep(Math.random() * pause, undefined, signal ? { signal } : {}).catch(() => signal?.throwIfAborted());
    }
  }
}
