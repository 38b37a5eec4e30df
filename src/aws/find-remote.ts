import type { RemoteEngineName, RemoteSought } from "../engines/remote.ts";
import { RemoteEngineError } from "../engines/remote.ts";

/** One job of a listing. */
export interface ListedRemote {
  readonly id: string;
  readonly token?: string | undefined;
  readonly madeAt?: Date | undefined;
}

export interface RemotePage {
  readonly jobs: readonly ListedRemote[];
  readonly next?: string | undefined;
}

/** Between the service's clock and ours. */
const CLOCK_MARGIN_MS = 5 * 60_000;
const MAX_PAGES = 100;

/**
 * The oldest job with the token, from pages of the newest first: listing ends with jobs that are older than the token. Throws
 * RemoteEngineError when there are more pages than anybody can read, since "there is none" would make a second job.
 */
export async function findRemote(
  engine: RemoteEngineName,
  { token, notBefore }: RemoteSought,
  readPage: (next: string | undefined) => Promise<RemotePage>,
): Promise<string | undefined> {
  let found: string | undefined;
  let next: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const page = await readPage(next);
    found = page.jobs.findLast((job) => job.token === token)?.id ?? found;
    const oldestMs = page.jobs.at(-1)?.madeAt?.getTime();
    if (page.next === undefined || (oldestMs !== undefined && oldestMs < notBefore.getTime() - CLOCK_MARGIN_MS)) return found;
    next = page.next;
  }
  if (found !== undefined) return found;
  throw new RemoteEngineError(`${engine} has more than ${MAX_PAGES} pages of jobs since the submit`, { engine, failureClass: "retry" });
}
