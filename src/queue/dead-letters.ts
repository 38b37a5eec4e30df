/** A message that was given up, as the place that keeps it tells. */
export interface DeadLetter {
  /** Of the copy, not of the message it was made from. */
  readonly id: string;
  /** What removes it or gives it back; a later receive of the same letter has a newer one. */
  readonly handle: string;
  readonly body: string;
  /** False when `body` is not the original: it cannot be sent back. */
  readonly isWhole: boolean;
  /** Unix milliseconds by the clock of the place. */
  readonly keptAtMs?: number;
  /** What the worker wrote beside its copy; absent when the queue itself moved the message. */
  readonly code?: string;
  readonly reason?: string;
  readonly fingerprint?: string;
}

export interface DeadLetterFacts {
  readonly name: string;
  /** Unix milliseconds by the clock of the place. */
  readonly nowMs: number;
  /** As far as the place knows; `hidden` are those that somebody else holds now. */
  readonly visible: number;
  readonly hidden: number;
}

/** Where given-up messages wait: a dead-letter queue, or the failure records where there is none. Every method rejects when the place does not confirm. */
export interface DeadLetters {
  facts(signal: AbortSignal): Promise<DeadLetterFacts>;
  /** A few letters, which nobody else gets for some minutes; none when no more can be had now. */
  receive(signal: AbortSignal): Promise<readonly DeadLetter[]>;
  /** Puts the body on the main queue. */
  sendBack(body: string, signal: AbortSignal): Promise<void>;
  remove(letter: DeadLetter, signal: AbortSignal): Promise<void>;
  /** Lets others have these letters now; those for which that fails come back by themselves. Never rejects. */
  giveBack(letters: readonly DeadLetter[]): Promise<void>;
}
