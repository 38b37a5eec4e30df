import { setTimeout as sleep } from "node:timers/promises";
import { closeCleanly } from "../support/close-cleanly.ts";
import type { Member, Stats } from "../support/fleet.ts";
import { SOURCE_KEY, putSource, settledBy, startFleet } from "../support/fleet.ts";
import { send } from "../support/queue.ts";
import { QUIET_BUCKET, openSite } from "../support/site.ts";

/** What a soak found. */
export interface SoakResult {
  readonly samples: readonly Sample[];
  /** Growth of resident memory and of the heap in bytes a job, by least squares after the warm-up. */
  readonly slope: { readonly rss: number; readonly heapUsed: number };
  readonly published: number;
}

export interface Sample extends Stats {
  readonly jobs: number;
}

export interface SoakOptions {
  readonly jobs: number;
  readonly samples: number;
  readonly onSample?: (sample: Sample) => void;
}

const SLOTS = 2;
const POLL_MS = 250;
/** Caches, JIT code and connection pools come first. */
const WARM_UP = 0.4;

/**
 * Sends so many jobs through one daemon with programs that replay, and looks at what it holds on to while it works. Throws
 * when it leaves a process or anything in its work folder.
 */
export async function soak({ jobs, samples, onSample }: SoakOptions): Promise<SoakResult> {
  const site = await openSite("soak", { visibilitySeconds: 120 });
  let members: readonly Member[] = [];
  try {
    await putSource(site);
    members = await startFleet(site, { size: 1, slots: SLOTS });
    const [member] = members;
    if (!member) throw new Error("no worker was started");
    const taken: Sample[] = [];
    const batch = Math.max(1, Math.round(jobs / samples));
    for (let sent = 0; sent < jobs;) {
      const until = Math.min(jobs, sent + batch);
      for (; sent < until; sent += 1)
        await send(site, { ladderd: 1, source: { bucket: QUIET_BUCKET, key: SOURCE_KEY }, assetPath: `soak/${sent}` });
      for (let settled = await settledBy(members); (settled.get("published") ?? 0) < sent; settled = await settledBy(members)) {
        if (settled.get("rejected")) throw new Error(`a job was given up: ${JSON.stringify([...settled])}`);
        await sleep(POLL_MS);
      }
      const sample = { jobs: sent, ...(await member.stats()) };
      taken.push(sample);
      onSample?.(sample);
    }
    const late = taken.slice(Math.floor(taken.length * WARM_UP));
    return {
      samples: taken,
      slope: { rss: slopeOf(late, ({ rss }) => rss), heapUsed: slopeOf(late, ({ heapUsed }) => heapUsed) },
      published: (await settledBy(members)).get("published") ?? 0,
    };
  } finally {
    await closeCleanly(site, ...members.map(({ daemon }) => daemon));
  }
}

/** Least squares of `pick` over the jobs. */
function slopeOf(samples: readonly Sample[], pick: (sample: Sample) => number): number {
  const mean = (value: (sample: Sample) => number): number => samples.reduce((sum, sample) => sum + value(sample), 0) / samples.length;
  const [jobs, value] = [mean((sample) => sample.jobs), mean(pick)];
  const over = mean((sample) => (sample.jobs - jobs) ** 2);
  return over === 0 ? 0 : mean((sample) => (sample.jobs - jobs) * (pick(sample) - value)) / over;
}

const MIB = 1024 * 1024;
/**
 * RELIABILITY.md R-L1, where there are jobs enough to see it: over some hundreds resident memory swings by 10 MiB with the
 * collector's pages, and the heap still fills its caches. There a leak has to be of some KB a job to be told.
 */
const ENOUGH_JOBS = 5000;
const mostGrowthOf = (jobs: number): { readonly rss: number; readonly heapUsed: number } =>
  jobs >= ENOUGH_JOBS ? { rss: MIB / 1000, heapUsed: MIB / 1000 } : { rss: (40 * MIB) / 1000, heapUsed: (4 * MIB) / 1000 };
/** A connection more or less is open when a sample is taken. */
const SLACK = { descriptors: 12, timers: 12, listeners: 0 } as const;

/** What of R-L1 does not hold; empty when all does. */
export function faultsOf({ samples, slope, published }: SoakResult, jobs: number): readonly string[] {
  const [first, last] = [samples.at(Math.floor(samples.length * WARM_UP)), samples.at(-1)];
  if (!first || !last) return ["nothing was measured"];
  const most = mostGrowthOf(jobs);
  const grown = Object.entries(SLACK).flatMap(([name, slack]) => {
    const [before, after] = [valueOf(first, name), valueOf(last, name)];
    return after > before + slack ? [`${name} grew from ${before} to ${after}`] : [];
  });
  return [
    ...(published === jobs ? [] : [`${published} of ${jobs} jobs were published`]),
    ...(slope.heapUsed > most.heapUsed ? [`the heap grows by ${Math.round(slope.heapUsed)} bytes a job`] : []),
    ...(slope.rss > most.rss ? [`resident memory grows by ${Math.round(slope.rss)} bytes a job`] : []),
    ...grown,
  ];
}

const valueOf = (sample: Sample, name: string): number => Object.entries(sample).find(([key]) => key === name)?.[1] ?? 0;
