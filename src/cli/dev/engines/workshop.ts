import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Makes one thing in an empty folder that nobody else uses. */
export type Make<T> = (folder: string, signal: AbortSignal) => Promise<T>;

/** Where the outputs of jobs are made, on the local disk. */
export interface Workshop<T> extends AsyncDisposable {
  /** With `fast`, what has the same fingerprint is made once and then given to everyone; a failure is not remembered. */
  make(fingerprint: string, make: Make<T>, signal: AbortSignal): Promise<T>;
  /** Removes a folder, unless others are to get what is in it as well. */
  discard(folder: string): Promise<void>;
}

/** Opens a workshop in the temporary folder; disposing of it stops what is being made there and removes everything. */
export async function openWorkshop<T>({ fast }: { readonly fast: boolean }): Promise<Workshop<T>> {
  const root = await mkdtemp(join(tmpdir(), "ladderd-engine-"));
  const closing = new AbortController();
  const prepared = new Map<string, Promise<T>>();
  const running = new Set<Promise<T>>();
  let count = 0;
  const start = (make: Make<T>, signal: AbortSignal): Promise<T> => {
    const folder = join(root, String((count += 1)));
    const made = mkdir(folder).then(() => make(folder, AbortSignal.any([signal, closing.signal])));
    running.add(made);
    const forget = (): boolean => running.delete(made);
    made.then(forget, forget);
    return made;
  };
  const prepare = (fingerprint: string, make: Make<T>): Promise<T> => {
    const before = prepared.get(fingerprint);
    if (before) return before;
    // Of the service's own signal alone: the job that came first may be cancelled while others wait for the same.
    const made = start(make, closing.signal);
    prepared.set(fingerprint, made);
    made.catch(() => prepared.delete(fingerprint));
    return made;
  };
  return {
    make: (fingerprint, make, signal) => (fast ? prepare(fingerprint, make) : start(make, signal)),
    discard: async (folder) => (fast ? undefined : rm(folder, { recursive: true, force: true })),
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      await Promise.allSettled(running);
      await rm(root, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
