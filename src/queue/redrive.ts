import { forAll } from "../publish/revision-objects.ts";
import type { Forgive, ReadFailure } from "../state/forgive.ts";
import { fingerprintOf } from "../state/failures.ts";
import { escapeControls, oneLine } from "../state/printable.ts";
import type { DeadLetter, DeadLetterFacts, DeadLetters } from "./dead-letters.ts";
import type { IntakeRules } from "./entry.ts";
import { parseMessage } from "./envelope.ts";
import type { FailureFacts, FailureGroup, RedriveChoice } from "./failure-groups.ts";
import { failureGroups, isChosen } from "./failure-groups.ts";

export interface RedriveOptions {
  readonly letters: DeadLetters;
  readonly choice: RedriveChoice;
  readonly rules: IntakeRules;
  readonly readFailure: ReadFailure;
  readonly forgive: Forgive;
  /** Told after each receive how many letters were seen so far. */
  readonly onSeen?: (count: number) => void;
}

export interface RedriveReport {
  readonly place: DeadLetterFacts;
  /** All that was seen, chosen or not. */
  readonly groups: readonly FailureGroup[];
  readonly seen: number;
  readonly sentBack: number;
  /** Chosen, but kept: given up while the redrive ran, or a record without its whole body. */
  readonly kept: number;
}

/** A receive without anything new may be chance: SQS asks only some of its servers at a time. */
const EMPTY_RECEIVES = 3;
const CONCURRENCY = 10;
/** A queue's clock shows whole seconds. */
const CLOCK_STEP_MS = 1000;
const MAX_EXAMPLE_LENGTH = 200;

/**
 * Reads every letter that can be had and sends those that are chosen back: first their jobs' failures are forgiven, so that
 * they get all their attempts, then the original body is sent, and only when that is confirmed the letter is removed. Killed
 * anywhere, at worst a message is there twice, and the second of them finds its work done. What is not sent back is given
 * back. A job that fails again meanwhile waits for the next redrive.
 */
export async function redrive(options: RedriveOptions, signal: AbortSignal): Promise<RedriveReport> {
  const { letters, onSeen } = options;
  const place = await letters.facts(signal);
  const held = new Map<string, DeadLetter>();
  const fates = new Map<string, Fate>();
  const groups = failureGroups();
  const treat = async (letter: DeadLetter): Promise<void> => {
    const { facts, jobs } = await understand(letter, options, signal);
    groups.add(facts);
    const fate = fateOf({ letter, facts }, options.choice, place);
    fates.set(letter.id, fate);
    if (fate !== "sent") return;
    for (const job of jobs) await options.forgive(job, signal);
    await letters.sendBack(letter.body, signal);
    await letters.remove(letter, signal);
    held.delete(letter.id);
  };
  try {
    for (let fruitless = 0; fruitless < EMPTY_RECEIVES;) {
      const received = await letters.receive(signal);
      for (const letter of received) held.set(letter.id, letter);
      const fresh = received.filter(({ id }) => !fates.has(id));
      fruitless = fresh.length > 0 ? 0 : fruitless + 1;
      await forAll(fresh, CONCURRENCY, treat);
      // Its removal was not heard of.
      for (const letter of received.filter(({ id }) => !fresh.some((one) => one.id === id) && fates.get(id) === "sent")) {
        await letters.remove(letter, signal);
        held.delete(letter.id);
      }
      onSeen?.(fates.size);
    }
  } finally {
    await letters.giveBack([...held.values()]);
  }
  const count = (wanted: Fate): number => [...fates.values()].filter((fate) => fate === wanted).length;
  return { place, groups: groups.list(), seen: fates.size, sentBack: count("sent"), kept: count("kept") };
}

/** What becomes of a letter: sent back, chosen but kept, or left alone. */
type Fate = "sent" | "kept" | "left";

function fateOf({ letter, facts }: { letter: DeadLetter; facts: FailureFacts }, choice: RedriveChoice, place: DeadLetterFacts): Fate {
  if (!isChosen(choice, facts)) return "left";
  return letter.isWhole && !isNew(letter, place) ? "sent" : "kept";
}

const isNew = ({ keptAtMs = 0 }: DeadLetter, { nowMs }: DeadLetterFacts): boolean => keptAtMs > nowMs + CLOCK_STEP_MS;

interface Understood {
  readonly facts: FailureFacts;
  readonly jobs: readonly string[];
}

/** What the copy says of itself; of a message that the queue moved by itself, what the record of its job says. */
async function understand(letter: DeadLetter, { rules, readFailure }: RedriveOptions, signal: AbortSignal): Promise<Understood> {
  const { body, code, keptAtMs } = letter;
  const found = parseMessage(body, rules).entries.flatMap((entry) => (entry.kind === "job" ? [entry.job] : []));
  const jobs = found.map(({ id }) => id);
  const [first] = found;
  const key = first && ("subtitles" in first ? first.subtitles.key : first.source.key);
  const why = code === undefined ? await recorded(jobs[0], { readFailure, signal }) : said(letter, code);
  const example = key === undefined ? oneLine(body, MAX_EXAMPLE_LENGTH) : escapeControls(key, MAX_EXAMPLE_LENGTH);
  return { jobs, facts: { ...why, example, ...(keptAtMs === undefined ? {} : { keptAtMs }) } };
}

type Why = Pick<FailureFacts, "fingerprint" | "code" | "reason">;

const withFingerprint = (why: Omit<Why, "fingerprint">): Why => ({ ...why, fingerprint: fingerprintOf(why) });

function said({ reason = "unknown", fingerprint }: DeadLetter, code: string): Why {
  return fingerprint === undefined ? withFingerprint({ code, reason }) : { code, reason, fingerprint };
}

async function recorded(job: string | undefined, { readFailure, signal }: { readFailure: ReadFailure; signal: AbortSignal }): Promise<Why> {
  const record = job === undefined ? undefined : await readFailure(job, signal);
  return (
    record ?? withFingerprint({ code: "unknown", reason: "moved here by the queue after maxReceiveCount receives; no record of a failure" })
  );
}
