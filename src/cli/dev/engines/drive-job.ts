import { setTimeout as sleep } from "node:timers/promises";
import type { Slots } from "./slots.ts";
import type { Switches } from "./switches.ts";

/** A job ends with one of its service's error codes. */
export class JobFailed extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** What a service does at each step of a job. */
export interface JobSteps<Made extends { readonly files: readonly string[] }> {
  /** Aborted when the job is cancelled or the service closes; nothing is told of the job then. */
  readonly signal: AbortSignal;
  /** The job leaves the queue. */
  begin(): void;
  /** Makes the outputs. Throws JobFailed. */
  make(): Promise<Made>;
  /** Writes these of the files that were made. */
  write(made: Made, files: readonly string[]): Promise<void>;
  complete(made: Made): void;
  /** The error is JobFailed when it has a code. */
  fail(error: unknown): void;
}

const LOOK_AGAIN_MS = 20;

/** Takes a job from its submission to its end as the switches want it; never rejects. */
export async function driveJob<Made extends { readonly files: readonly string[] }>(
  steps: JobSteps<Made>,
  { slots, switches }: { readonly slots: Slots; readonly switches: Switches<string> },
): Promise<void> {
  const giveBack = await slots.take();
  try {
    await whileStalled(switches, "submitted", steps.signal);
    steps.begin();
    await whileStalled(switches, "progressing", steps.signal);
    const made = await steps.make();
    steps.signal.throwIfAborted();
    await end(steps, made, switches);
    steps.signal.throwIfAborted();
    steps.complete(made);
  } catch (error) {
    if (!steps.signal.aborted) steps.fail(error);
  } finally {
    giveBack();
  }
}

async function whileStalled(switches: Switches<string>, state: Switches<string>["stall"], signal: AbortSignal): Promise<void> {
  while (switches.stall === state) await sleep(LOOK_AGAIN_MS, undefined, { signal });
  signal.throwIfAborted();
}

async function end<Made extends { readonly files: readonly string[] }>(
  steps: JobSteps<Made>,
  made: Made,
  { ending }: Switches<string>,
): Promise<void> {
  switch (ending.kind) {
    case "complete":
      return steps.write(made, made.files);
    case "error":
      throw new JobFailed(ending.code, ending.message);
    case "half-then-error":
      await steps.write(made, halfOf(made.files));
      throw new JobFailed(ending.code, ending.message);
    case "half-then-complete":
      return steps.write(made, halfOf(made.files));
  }
}

const MANIFEST = /\.(?:m3u8|mpd)$/;

/** Every manifest, and half of what they name: the hardest half to notice. */
export function halfOf(files: readonly string[]): readonly string[] {
  const media = files.filter((file) => !MANIFEST.test(file));
  return [...media.slice(0, Math.ceil(media.length / 2)), ...files.filter((file) => MANIFEST.test(file))];
}
