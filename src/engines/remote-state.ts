import type { FailureClass } from "./failure-class.ts";

/** One rendition as a service tells of it; services leave out what they please. */
export interface RemoteRendition {
  /** The service's word for it: a key below the prefix, or a path. */
  readonly name?: string;
  readonly width?: number;
  readonly height?: number;
  readonly durationSeconds?: number;
}

/** What a service told of a finished job. Less than what lies in the bucket: outputs are verified from there. */
export interface RemoteOutputs {
  readonly playlists: readonly string[];
  readonly renditions: readonly RemoteRendition[];
  /** The service's own words. */
  readonly warnings: readonly string[];
}

export interface RemoteFailure {
  /** The service's code; "unknown" when it gave none. */
  readonly code: string;
  readonly message: string;
  readonly class: FailureClass;
}

/** How a remote job stands. The last three are final. */
export type RemoteState =
  | { readonly kind: "submitted" }
  | { readonly kind: "progressing"; readonly percent: number }
  | { readonly kind: "complete"; readonly outputs: RemoteOutputs }
  | { readonly kind: "failed"; readonly failure: RemoteFailure }
  | { readonly kind: "canceled" };

/** What one event says of a remote job. */
export interface RemoteReport {
  /** The service's id of the job. */
  readonly id: string;
  /** The token of the submit, when the event carries it. */
  readonly token?: string;
  /** The service's own word for the state. */
  readonly status: string;
  /** Absent: the event says nothing that moves a job. */
  readonly state?: RemoteState;
}

/** Whether nothing can follow. */
export const isFinal = (state: RemoteState): boolean => state.kind === "complete" || state.kind === "failed" || state.kind === "canceled";

/**
 * The state after one more report, which may be late, doubled or out of order: nothing goes back, the first final state
 * stays. Of two tellings of one completion the one that says more is kept, since a poll says less than the event.
 */
export function mergeState(current: RemoteState | undefined, next: RemoteState): RemoteState {
  if (current === undefined) return next;
  if (current.kind === "complete" && next.kind === "complete") return tellsMore(next.outputs, current.outputs) ? next : current;
  if (isFinal(current)) return current;
  if (isFinal(next)) return next;
  return percentOf(next) > percentOf(current) ? next : current;
}

const tellsMore = (a: RemoteOutputs, b: RemoteOutputs): boolean => weightOf(a) > weightOf(b);

const weightOf = ({ playlists, renditions, warnings }: RemoteOutputs): number => playlists.length + renditions.length + warnings.length;

/** A job that waits has done less than one that has begun. */
const percentOf = (state: RemoteState): number => (state.kind === "progressing" ? state.percent : -1);
