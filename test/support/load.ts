import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { z } from "zod";
import { closeCleanly } from "./close-cleanly.ts";
import type { Member } from "./fleet.ts";
import { SOURCE_KEY, putSource, settledBy, startFleet } from "./fleet.ts";
import { drainQueue, send } from "./queue.ts";
import { assetAt } from "./published.ts";
import type { Site } from "./site.ts";
import { QUIET_BUCKET, openSite } from "./site.ts";

/** What waits in the queue before the fleet starts. */
export interface LoadMix {
  readonly messages: number;
  /** Of them: second messages for a job, messages that are none, and events of an overwritten object, the newer one first. */
  readonly duplicates: number;
  readonly bad: number;
  readonly outOfOrder: number;
}

export interface LoadResult {
  readonly seconds: number;
  readonly outcomes: ReadonlyMap<string, number>;
  /** Asset paths that should be published, and how often each was. */
  readonly commits: ReadonlyMap<string, number>;
  readonly deadLetters: number;
  /** Of each message: from its receive to its confirmed settlement, without the encode of its job; in seconds, ascending. */
  readonly overheads: readonly number[];
}

const SLOTS = 2;
const POLL_MS = 250;
const TERMINAL = ["published", "duplicate", "stale", "ignored", "rejected"] as const;

/** Fills the queue, starts so many daemons on it with programs that replay, and waits until every message is settled. */
export async function load(mix: LoadMix, workers: number): Promise<LoadResult> {
  const site = await openSite("load", { visibilitySeconds: 120 });
  let members: readonly Member[] = [];
  try {
    await putSource(site);
    const paths = await fill(site, mix);
    const started = performance.now();
    members = await startFleet(site, { size: workers, slots: SLOTS, settings: { LADDERD_LOG_LEVEL: "debug" } });
    let outcomes = await settledBy(members);
    while (TERMINAL.reduce((sum, outcome) => sum + (outcomes.get(outcome) ?? 0), 0) < mix.messages) {
      await sleep(POLL_MS);
      outcomes = await settledBy(members);
    }
    const seconds = (performance.now() - started) / 1000;
    return {
      seconds,
      outcomes,
      commits: await commitsOf(site, paths),
      deadLetters: (await drainQueue(site, site.aws.deadLetterQueueUrl)).length,
      overheads: overheadsOf(members),
    };
  } finally {
    await closeCleanly(site, ...members.map(({ daemon }) => daemon));
  }
}

/** Sends the messages in an order that repeats; resolves to the asset paths that they name. */
async function fill(site: Site, { messages, duplicates, bad, outOfOrder }: LoadMix): Promise<readonly string[]> {
  const named = Array.from({ length: messages - duplicates - bad - outOfOrder }, (_, index) => `load/${index}`);
  const overwritten = Array.from({ length: outOfOrder / 2 }, (_, index) => `load/${named.length + index}`);
  const job = (assetPath: string | undefined) => ({ ladderd: 1, source: { bucket: QUIET_BUCKET, key: SOURCE_KEY }, assetPath });
  const newest = await overwriteAll(site, overwritten);
  const bodies: readonly unknown[] = [
    ...named.map(job),
    ...Array.from({ length: duplicates }, (_, index) => job(named[index % named.length])),
    ...Array.from({ length: bad }, (_, index) => (index % 2 === 0 ? `{"Records": [${index}` : foreignJob(index))),
    ...overwritten.map((path) => eventOf(path, newest, "0002")),
  ];
  // A step that has no factor in common with the count visits each once.
  const step = 7919;
  for (let index = 0; index < bodies.length; index += 1) await send(site, bodies[(index * step) % bodies.length]);
  for (const path of overwritten) await send(site, eventOf(path, "00000000000000000000000000000000", "0001"));
  return [...named, ...overwritten];
}

const foreignJob = (index: number) => ({ ladderd: 1, source: { bucket: "foreign", key: `${index}.mp4` } });

/** Writes each object twice; resolves to the ETag of what is there in the end. */
async function overwriteAll({ s3, path }: Site, keys: readonly string[]): Promise<string> {
  let etag = "";
  const clip = await readFile(path(SOURCE_KEY));
  for (const key of keys) {
    await s3.send(new PutObjectCommand({ Bucket: QUIET_BUCKET, Key: `${key}.mp4`, Body: "what was there before" }));
    const { ETag = "" } = await s3.send(new PutObjectCommand({ Bucket: QUIET_BUCKET, Key: `${key}.mp4`, Body: clip }));
    etag = ETag.replaceAll('"', "");
  }
  return etag;
}

/** As S3 sends it. */
const eventOf = (path: string, eTag: string, sequencer: string) => ({
  Records: [
    {
      ...{ eventVersion: "2.1", eventSource: "aws:s3", awsRegion: "us-east-1", eventName: "ObjectCreated:Put" },
      eventTime: new Date().toISOString(),
      s3: { bucket: { name: QUIET_BUCKET }, object: { key: `${path}.mp4`, size: 1, eTag, sequencer } },
    },
  ],
});

/** Of a message that was received more than once its last receive counts. */
function overheadsOf(members: readonly Member[]): readonly number[] {
  return members.flatMap(({ daemon }) => overheadsIn(daemon)).toSorted((a, b) => a - b);
}

function overheadsIn(daemon: Pick<Member["daemon"], "log">): readonly number[] {
  const encodes = new Map<string, number>();
  const seconds = new Map<string, number>();
  for (const line of daemon.log()) {
    const { msg } = line;
    if (msg === "job ended") {
      const { jobId, stages } = jobLine.parse(line);
      encodes.set(jobId, stages["encode"] ?? 0);
    }
    // A job's own end comes before that of its message.
    if (msg === "message settled") {
      const { messageId, jobIds } = settledLine.parse(line);
      seconds.set(messageId, -jobIds.reduce((sum, jobId) => sum + (encodes.get(jobId) ?? 0), 0));
      for (const jobId of jobIds) encodes.delete(jobId);
    }
    if (msg === "settlement confirmed") {
      const { messageId, action, seconds: held } = confirmedLine.parse(line);
      if (action === "delete") seconds.set(messageId, (seconds.get(messageId) ?? 0) + held);
    }
  }
  return [...seconds.values()];
}

const jobLine = z.object({ jobId: z.string(), stages: z.record(z.string(), z.number()) });
const settledLine = z.object({ messageId: z.string(), jobIds: z.array(z.string()) });
const confirmedLine = z.object({ messageId: z.string(), action: z.string(), seconds: z.number() });

/** A second commit names the first. A revision that nothing names is of an attempt that was interrupted: no publication. */
async function commitsOf(site: Site, paths: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const commits = new Map<string, number>();
  for (const path of paths) {
    const asset = await assetAt(site, path);
    commits.set(path, asset ? 1 + Number(asset.previous !== undefined) : 0);
  }
  return commits;
}

/** What was lost or done twice; empty when nothing was. */
export function faultsOfLoad({ outcomes, commits, deadLetters }: LoadResult, { bad }: LoadMix): readonly string[] {
  const wrong = [...commits].filter(([, count]) => count !== 1);
  const published = outcomes.get("published") ?? 0;
  return [
    ...wrong.map(([path, count]) => `${path} was published ${count} times`),
    ...(published === commits.size ? [] : [`${published} publications for ${commits.size} assets`]),
    ...(deadLetters === bad ? [] : [`${deadLetters} dead letters for ${bad} bad messages`]),
  ];
}
