import { Writable } from "node:stream";
import { pino } from "pino";
import type { Logger } from "pino";
import { PreconditionFailed } from "../../../src/pipeline/ports.ts";
import type { ObjectStore, StoredText } from "../../../src/pipeline/ports.ts";
import type { Queue, QueueMessage, Quarantined } from "../../../src/queue/queue.ts";

/** A logger and the lines it wrote. */
export function aLog(least: "debug" | "info" = "info"): { logger: Logger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const sink = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  return { logger: pino({ level: least, base: null, formatters: { level: (level) => ({ level }) } }, sink), lines };
}

export const aMessage = (fields: Partial<QueueMessage> = {}): QueueMessage => ({
  messageId: "5fea7756-0ea4-451a-a703-a558b933e274",
  receiptHandle: "handle",
  body: "{}",
  receiveCount: 1,
  ...fields,
});

/** A queue that remembers what was asked of it; methods can be replaced. */
export function aQueue(methods: Partial<Queue> = {}): { queue: Queue; calls: string[]; quarantined: Quarantined[] } {
  const calls: string[] = [];
  const quarantined: Quarantined[] = [];
  const queue: Queue = {
    extend: async (_handle, seconds) => {
      calls.push(`extend ${seconds}`);
    },
    release: async (_handle, seconds) => {
      calls.push(`release ${seconds}`);
    },
    delete: async () => {
      calls.push("delete");
    },
    send: async (body) => {
      calls.push(`send ${body}`);
    },
    quarantine: async (message) => {
      calls.push(`quarantine ${message.code}`);
      quarantined.push(message);
    },
    checkQueue: async () => ({ visibilitySeconds: 300, approximateMessages: 0 }),
    facts: async () => ({ visibilitySeconds: 300, approximateMessages: 0, maxReceiveCount: 10 }),
    ...methods,
  };
  return { queue, calls, quarantined };
}

/** An object store in a map; ETags are counters. */
export function aTextStore(): { store: Pick<ObjectStore, "readText" | "writeText">; texts: Map<string, StoredText> } {
  const texts = new Map<string, StoredText>();
  let writes = 0;
  return {
    texts,
    store: {
      readText: async (key) => texts.get(key),
      writeText: async ({ key, text, condition }) => {
        const there = texts.get(key);
        if (condition?.kind === "absent" && there) throw new PreconditionFailed(key);
        if (condition?.kind === "match" && there?.etag !== condition.etag) throw new PreconditionFailed(key);
        writes += 1;
        texts.set(key, { text, etag: `${writes}`, ageSeconds: 0, readAtMs: 0 });
        return { etag: `${writes}` };
      },
    },
  };
}
