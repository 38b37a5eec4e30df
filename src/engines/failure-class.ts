/**
 * What a failure of a service means for the jobs after this one; a metric label.
 *   source   this source or this plan is not for this engine, whenever it is asked: the next engine
 *   retry    the same engine may do it the next time
 *   role     a role or policy refuses us until somebody mends it
 *   quota    too many requests or jobs for now
 *   service  the service's own fault
 */
export const FAILURE_CLASSES = ["source", "retry", "role", "quota", "service"] as const;
export type FailureClass = (typeof FAILURE_CLASSES)[number];
