import { STAGES } from "../pipeline/ports.ts";

/** Everything that is written outside the machine, by what it is. */
export const WRITES = [
  "claim-take",
  "claim-renew",
  "claim-end",
  "segment",
  "object",
  "copy",
  "record",
  "mpd",
  "playlist",
  "discard",
  "failure",
  "job-record",
  "dead-letter",
  "extend",
  "release",
  "delete",
] as const;
/** The same of jobs that services do; "remote-submit" is the service's own. */
export const REMOTE_WRITES = ["claim-intend", "remote-submit", "remote-record", "claim-submit", "job-message"] as const;
export type Write = (typeof WRITES)[number] | (typeof REMOTE_WRITES)[number];
export type Stage = (typeof STAGES)[number];

const sidesOf = <T extends Stage | Write>(place: T) => [`before-${place}`, `after-${place}`] as const;

/** The points on both sides of each stage, and of each write; "after" is passed when it went well. */
export const STAGE_POINTS = STAGES.filter((stage) => stage !== "submit").flatMap(sidesOf);
export const WRITE_POINTS = WRITES.flatMap(sidesOf);
/** The points that only a job for a service passes. */
export const REMOTE_POINTS = ["submit" as const, ...REMOTE_WRITES].flatMap(sidesOf);

/** A place in the life of a message at which a test can have the worker killed, told to stop, or stopped. */
export type FailpointName = `${"before" | "after"}-${Stage | Write}`;
export const FAILPOINTS: readonly FailpointName[] = [...STAGE_POINTS, ...WRITE_POINTS, ...REMOTE_POINTS];

/** What the process does to itself there. */
export const SIGNAL_OF = { kill: "SIGKILL", term: "SIGTERM", stop: "SIGSTOP" } as const;
export type FailpointAction = keyof typeof SIGNAL_OF;

export interface Failpoint {
  readonly name: FailpointName;
  /** It acts when it is passed for this time, counted from 1, and never again. */
  readonly passing: number;
  readonly action: FailpointAction;
}

/** Reads NAME[:PASSING[:ACTION]] (RELIABILITY.md §14.3): the first passing and a kill unless it says otherwise. Undefined for anything else. */
export function parseFailpoint(text: string): Failpoint | undefined {
  const [wanted, count = "1", how = "kill", ...more] = text.split(":");
  const name = FAILPOINTS.find((known) => known === wanted);
  const action = ACTIONS.find((known) => known === how);
  if (!name || !action || more.length > 0 || !/^[1-9]\d{0,5}$/.test(count)) return undefined;
  return { name, passing: Number(count), action };
}

const ACTIONS: readonly FailpointAction[] = ["kill", "term", "stop"];
