import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { makeClip } from "./clips.ts";
import type { Daemon } from "./daemon.ts";
import { startDaemon } from "./daemon.ts";
import { metricsOf } from "./metrics.ts";
import { replayPrograms } from "./replay.ts";
import type { Site } from "./site.ts";
import { QUIET_BUCKET, uploadFile } from "./site.ts";
import { until } from "./until.ts";

const statsLine = z.object({
  rss: z.number(),
  heapUsed: z.number(),
  external: z.number(),
  timers: z.number(),
  descriptors: z.number(),
  listeners: z.number(),
});
/** What a process holds on to; bytes and counts. */
export type Stats = z.infer<typeof statsLine>;

/** A daemon with programs that replay, and a way to look inside. */
export interface Member {
  readonly daemon: Daemon;
  readonly stats: () => Promise<Stats>;
}

export const SOURCE_KEY = "source.mp4";
const STATS_PRELOAD = join(import.meta.dirname, "stats-process.ts");

/** Puts the one source of all jobs in its bucket. */
export async function putSource(site: Site): Promise<void> {
  await makeClip(site.path(SOURCE_KEY), { seconds: 1, size: "320x180" });
  await uploadFile(site, site.path(SOURCE_KEY), { bucket: QUIET_BUCKET, key: SOURCE_KEY });
}

interface FleetOptions {
  readonly size: number;
  readonly slots: number;
  readonly settings?: Readonly<Record<string, string>>;
}

/** Starts so many daemons on the site's queue. */
export async function startFleet(site: Site, { size, slots, settings = {} }: FleetOptions): Promise<readonly Member[]> {
  const programs = await replayPrograms(site.path("programs"));
  return Promise.all(Array.from({ length: size }, (_, index) => startMember(site, { name: `worker-${index}`, slots, programs, settings })));
}

interface MemberOptions {
  readonly name: string;
  readonly slots: number;
  readonly programs: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, string>>;
}

async function startMember(site: Site, { name, slots, programs, settings }: MemberOptions): Promise<Member> {
  const file = site.path(`${name}.stats`);
  const env = {
    ...site.daemonEnv(name),
    ...programs,
    ...settings,
    LADDERD_CONCURRENCY: `${slots}`,
    NODE_OPTIONS: `--expose-gc --import=${STATS_PRELOAD}`,
    STATS_FILE: file,
  };
  const daemon = await startDaemon({ env });
  const linesOf = async (): Promise<readonly string[]> => (await readFile(file, "utf8").catch(() => "")).split("\n").slice(0, -1);
  return {
    daemon,
    stats: async () => {
      const before = (await linesOf()).length;
      daemon.signal("SIGUSR2");
      const line = await until("the daemon tells what it holds", async () => (await linesOf())[before]);
      return statsLine.parse(JSON.parse(line));
    },
  };
}

/** Messages that all members have settled, by outcome. */
export async function settledBy(members: readonly Member[]): Promise<ReadonlyMap<string, number>> {
  const total = new Map<string, number>();
  for (const { daemon } of members) {
    for (const [name, value] of await metricsOf(daemon.url)) {
      const outcome = /^ladderd_messages_settled_total\{outcome="(\w+)"\}$/.exec(name)?.[1];
      if (outcome !== undefined) total.set(outcome, (total.get(outcome) ?? 0) + value);
    }
  }
  return total;
}
