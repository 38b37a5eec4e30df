import { setTimeout as sleep } from "node:timers/promises";
import type { Visit } from "./crawl.ts";
import { crawlDash, crawlHls } from "./crawl.ts";

/** What was seen of a public address while something went on behind it. */
export interface Watch {
  /** Reads once more, ends the watch and resolves to what was wrong: a URI that did not answer, an address that was gone again. */
  stop(): Promise<readonly string[]>;
}

const EVERY_MS = 300;

/** Reads both manifests of an asset again and again, each to its last URI: there is nothing yet, or all of it. */
export function watchAddress(folderUrl: string): Watch {
  const problems: string[] = [];
  const watching = new AbortController();
  const seen = new Set<string>();
  const look = async (name: string, crawl: (url: string) => Promise<{ readonly visits: readonly Visit[] }>): Promise<void> => {
    const url = `${folderUrl}/${name}`;
    const { status } = await fetch(url, { method: "HEAD" });
    if (status === 404 && !seen.has(name)) return;
    seen.add(name);
    const visits = status === 200 ? (await crawl(url)).visits : [];
    const wrong = visits.filter((visit) => ![200, 206].includes(visit.status) || visit.bytes === 0);
    if (status !== 200) problems.push(`${name} answers ${status}`);
    problems.push(...wrong.map((visit) => `${visit.url} answers ${visit.status} with ${visit.bytes} bytes`));
  };
  const round = async (): Promise<void> => {
    try {
      await look("index.m3u8", crawlHls);
      await look("index.mpd", crawlDash);
    } catch (error) {
      problems.push(String(error));
    }
  };
  const watch = async (): Promise<void> => {
    while (!watching.signal.aborted) {
      await round();
      await sleep(EVERY_MS, undefined, { signal: watching.signal }).catch(() => undefined);
    }
  };
  const watched = watch();
  return {
    stop: async () => {
      watching.abort();
      await watched;
      await round();
      return problems;
    },
  };
}
