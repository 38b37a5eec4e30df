import type { FailureClass } from "../failure-class.ts";

/** The service's error codes (developer guide, "Error codes"). Ranges, first match wins. */
const CLASSES: readonly (readonly [from: number, to: number, failureClass: FailureClass])[] = [
  [1000, 1001, "source"],
  [2000, 2000, "role"],
  [3000, 3000, "retry"],
  [3001, 3001, "source"],
  // An output of that name is there already: the next attempt has another prefix.
  [3002, 3002, "retry"],
  [3003, 3006, "role"],
  // "Unhandled": AWS looks into it.
  [4007, 4007, "service"],
  [4000, 4106, "source"],
];

/** What an error code of a job means; the service's own fault when the table does not know it. */
export const classOfCode = (code: number): FailureClass => CLASSES.find(([from, to]) => code >= from && code <= to)?.[2] ?? "service";
