import type { Published } from "./published.ts";

/** One rule of the streaming formats: what it is called, where it is written, and what breaks it. */
export interface Rule {
  readonly id: string;
  /** Numbers in brackets are those of Apple's HLS authoring specification. */
  readonly source: string;
  /** A message for each place that breaks it. */
  readonly check: (published: Published) => readonly string[];
}

/** Clocks of different timescales round by this much. */
export const ROUNDING_SECONDS = 0.002;

/** The message when `isBroken`, nothing otherwise. */
export const when = (isBroken: boolean, message: () => string): readonly string[] => (isBroken ? [message()] : []);

/** A figure for a message. */
export const shown = (value: number): string => String(Math.round(value * 1000) / 1000);
