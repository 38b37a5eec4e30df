import { z } from "zod";
import type { ObjectStore } from "../pipeline/ports.ts";
import type { DeadLetter, DeadLetters } from "../queue/dead-letters.ts";
import { isFinal } from "../queue/verdict.ts";
import { MAX_BODY_LENGTH } from "./failures.ts";
import type { StoredFailure } from "./forgive.ts";
import { changeFailure } from "./forgive.ts";

export interface RecordedLettersOptions {
  readonly store: Pick<ObjectStore, "list" | "readText" | "writeText">;
  readonly send: (body: string, signal: AbortSignal) => Promise<void>;
  readonly maxFailures: number;
  readonly now?: () => Date;
}

const PREFIX = "failures/";
const AT_ONCE = 50;
const record = z.looseObject({
  code: z.string(),
  reason: z.string(),
  fingerprint: z.string(),
  failures: z.int(),
  forgiven: z.int().optional(),
  body: z.string(),
  failedAt: z.iso.datetime(),
  /** Gone with the record of the next failure. */
  redrivenAt: z.iso.datetime().optional(),
});

/** The failure records as dead letters, for a queue without a dead-letter queue. Nobody else is kept from them meanwhile. */
export function recordedLetters({ store, send, maxFailures, now = () => new Date() }: RecordedLettersOptions): DeadLetters {
  let names: string[] | undefined;
  const listed = async (signal: AbortSignal): Promise<string[]> => (names ??= (await store.list(PREFIX, signal)).map(({ key }) => key));
  return {
    facts: async (signal) => ({ name: PREFIX, nowMs: now().getTime(), visible: (await listed(signal)).length, hidden: 0 }),
    receive: async (signal) => {
      const rest = await listed(signal);
      while (rest.length > 0) {
        const read = await Promise.all(
          rest.splice(0, AT_ONCE).map(async (key) => letterOf(key, (await store.readText(key, signal))?.text)),
        );
        const letters = read.flatMap((letter) => (letter && isGivenUp(letter, maxFailures) ? [letter] : []));
        if (letters.length > 0) return letters;
      }
      return [];
    },
    sendBack: send,
    remove: async ({ handle, keptAtMs }, signal) => {
      const redrivenAt = now().toISOString();
      // A job that has failed again meanwhile is another letter.
      const change = async (found: StoredFailure) => (Date.parse(found.failedAt ?? "") === keptAtMs ? { ...found, redrivenAt } : undefined);
      await changeFailure({ store, key: handle, change }, signal);
    },
    giveBack: async () => undefined,
  };
}

type Recorded = DeadLetter & { readonly code: string; readonly failures: number };

/** Undefined for what is no record, and for one whose job was sent back since. */
function letterOf(key: string, text: string | undefined): Recorded | undefined {
  const found = parse(text);
  if (!found || found.redrivenAt !== undefined) return undefined;
  const { code, reason, fingerprint, failures, forgiven = 0, body, failedAt } = found;
  // What a record has escaped or cut is not what was sent.
  const isWhole = body.length < MAX_BODY_LENGTH && !body.includes("\\u{");
  return { id: key, handle: key, body, isWhole, code, reason, fingerprint, failures: failures + forgiven, keptAtMs: Date.parse(failedAt) };
}

function parse(text: string | undefined): z.infer<typeof record> | undefined {
  try {
    return record.safeParse(JSON.parse(text ?? "")).data;
  } catch {
    return undefined;
  }
}

/** A job that is still tried again has its message in the queue. */
const isGivenUp = ({ code, failures }: Recorded, maxFailures: number): boolean => isFinal(code) || failures >= maxFailures;
