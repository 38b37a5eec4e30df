import type { FailpointName } from "../../src/lifecycle/failpoint.ts";
import { FAILPOINTS, REMOTE_POINTS, STAGE_POINTS } from "../../src/lifecycle/failpoint.ts";

const isOf =
  (...places: readonly string[]) =>
  (name: FailpointName): boolean =>
    places.includes(name.replace(/^(?:before|after)-/, ""));

/** Only a job of an encrypted ladder comes to these. */
export const KEYED: readonly FailpointName[] = FAILPOINTS.filter(isOf("key"));
/** Only a source that is given up comes to these. */
export const REJECTION: readonly FailpointName[] = FAILPOINTS.filter(isOf("failure", "dead-letter"));
/** Only a message that waits for another one's attempt comes to these. */
export const WAITING: readonly FailpointName[] = FAILPOINTS.filter(isOf("release"));
/** Only a job that has something to build on, or to throw away: of a service's job it is every one. */
const TAKING_OVER: readonly FailpointName[] = FAILPOINTS.filter(isOf("copy", "discard"));
/** Only a job that a service failed comes to these. */
export const MOVED_ON: readonly FailpointName[] = FAILPOINTS.filter(isOf("job-message"));

const SPECIAL = new Set([...KEYED, ...REJECTION, ...WAITING, ...TAKING_OVER, ...REMOTE_POINTS]);
/** Every job that is encoded here comes to these. */
export const ORDINARY: readonly FailpointName[] = FAILPOINTS.filter((name) => !SPECIAL.has(name));

const STAGES = new Set<FailpointName>(STAGE_POINTS);
/** The end of a stage is the beginning of the next: of the two one will do, where a kill is shown at both. */
const sideOf =
  (side: "before" | "after") =>
  (name: FailpointName): boolean =>
    process.env["EVERY_FAILPOINT"] !== undefined || name.startsWith(STAGES.has(name) ? "before-" : `${side}-`);

/** Told to stop at the beginning of each stage, and when a write is done. */
export const isToldToStop = sideOf("after");
/** Frozen at the beginning of each stage, and between the look at the lease and the write; once the message is gone nothing is left for another worker. */
export const isFrozen = (name: FailpointName): boolean => sideOf("before")(name) && name !== "after-delete";

/** From the choice of a service to the message that is gone. */
export const SUBMIT: readonly FailpointName[] = [
  "before-submit",
  "before-claim-intend",
  "after-claim-intend",
  "before-remote-submit",
  "after-remote-submit",
  "after-submit",
  "before-remote-record",
  "after-remote-record",
  "before-claim-submit",
  "after-claim-submit",
  "before-delete",
  "after-delete",
];

/** From the event of the service's end to the record that is gone; the first passing of some is the submit's. */
export const FINISH: readonly (readonly [name: FailpointName, passing: number])[] = [
  ["before-claim-take", 2],
  ["after-claim-take", 2],
  ["before-fetch", 2],
  ["after-fetch", 2],
  ["after-verify", 1],
  ["after-pictures", 1],
  ["before-copy", 1],
  ["after-copy", 1],
  ["after-object", 1],
  ["before-record", 1],
  ["after-record", 1],
  ["after-mpd", 1],
  ["after-playlist", 1],
  ["before-claim-end", 1],
  ["after-claim-end", 1],
  ["before-discard", 1],
  ["after-discard", 1],
];
