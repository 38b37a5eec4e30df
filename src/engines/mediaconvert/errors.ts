import type { FailureClass } from "../failure-class.ts";

/** The service's error codes (MediaConvert user guide, error codes). Ranges, first match wins. */
const CLASSES: readonly (readonly [from: number, to: number, failureClass: FailureClass])[] = [
  [1010, 1040, "source"],
  // Acceleration that this job cannot have, or that is too small for it.
  [1041, 1042, "source"],
  // The machine's disk was full.
  [1050, 1050, "retry"],
  [1056, 1075, "source"],
  [1076, 1076, "retry"],
  [1091, 1092, "source"],
  [1401, 1401, "role"],
  [1404, 1404, "source"],
  [1432, 1434, "role"],
  [1507, 1507, "retry"],
  [1515, 1515, "role"],
  [1550, 1550, "retry"],
  // 34xx are HTTP answers that the service got.
  [3401, 3401, "role"],
  [3403, 3403, "role"],
  [3404, 3404, "source"],
  [3400, 3499, "retry"],
];

/** What an error code of a job means; the service's own fault when the table does not know it. */
export const classOfCode = (code: number): FailureClass => CLASSES.find(([from, to]) => code >= from && code <= to)?.[2] ?? "service";
