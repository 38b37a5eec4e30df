/**
 * How EC2 Auto Scaling moves the desired capacity, as far as AWS tells. The alarms of a target tracking policy look at
 * metrics of one minute: three in a row above the target to scale out, fifteen in a row below 90 % of it to scale in. It
 * scales out in proportion, at once, and "scales in more gradually"; a metric without data moves nothing; while instances
 * warm up nothing is scaled in. Groups made since November 2024 may react faster: this is the cautious side.
 * Cooldowns are not here: they are of simple scaling alone.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-target-tracking.html
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-target-tracking-metric-math.html
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scaling-cooldowns.html
 */
import type { Policy } from "./policy.ts";

const POINTS_TO_SCALE_OUT = 3;
const POINTS_TO_SCALE_IN = 15;
const SCALE_IN_BELOW = 0.9;
/** "More gradually" is not a number: an assumption, for each minute that the alarm lasts. */
const MOST_SCALED_IN_AT_ONCE = 0.1;

/** What CloudWatch has of one minute. */
export interface Datapoint {
  readonly visible: number;
  readonly inFlight: number;
  readonly inService: number;
}

/** The group at the moment of a decision. */
export interface GroupState {
  readonly desired: number;
  readonly isWarmingUp: boolean;
}

/** Takes the minute's datapoint, or undefined where there is none, and answers the desired capacity from now on. */
export type Scaler = (point: Datapoint | undefined, group: GroupState) => number;

/** The two policies of the group: target tracking, and the alarm that starts the first instances. */
export function createScaler(policy: Policy): Scaler {
  let recent: (number | undefined)[] = [];
  return (point, group) => {
    recent = [...recent, point && backlogOf(point, policy)].slice(-POINTS_TO_SCALE_IN);
    const tracked = track(recent, { point, group, policy });
    const wanted = Math.max(tracked, point ? startFromZero(point, policy) : 0);
    return Math.min(Math.max(wanted, policy.minimumInstances), policy.maximumInstances);
  };
}

/** Of one instance; metric math has no value for a division by zero. */
function backlogOf({ visible, inFlight, inService }: Datapoint, { backlogCounts }: Policy): number | undefined {
  if (inService === 0) return undefined;
  return (backlogCounts === "visible" ? visible : visible + inFlight) / inService;
}

function startFromZero({ visible, inService }: Datapoint, { fromZero }: Policy): number {
  if (inService > 0) return 0;
  return Math.max(0, ...fromZero.filter(({ backlog }) => visible >= backlog).map(({ instances }) => instances));
}

interface Moment {
  readonly point: Datapoint | undefined;
  readonly group: GroupState;
  readonly policy: Policy;
}

function track(recent: readonly (number | undefined)[], { point, group, policy }: Moment): number {
  const [newest, target] = [recent.at(-1), policy.backlogPerInstance];
  if (newest === undefined || !point) return group.desired;
  const proportional = Math.ceil((point.inService * newest) / target);
  if (isLasting(recent, POINTS_TO_SCALE_OUT, (value) => value > target)) return Math.max(group.desired, proportional);
  const isLow = isLasting(recent, POINTS_TO_SCALE_IN, (value) => value < SCALE_IN_BELOW * target);
  if (!isLow || group.isWarmingUp) return group.desired;
  const least = group.desired - Math.max(1, Math.floor(group.desired * MOST_SCALED_IN_AT_ONCE));
  return Math.min(group.desired, Math.max(proportional, least));
}

function isLasting(recent: readonly (number | undefined)[], points: number, breaches: (value: number) => boolean): boolean {
  const window = recent.slice(-points);
  return window.length === points && window.every((value) => value !== undefined && breaches(value));
}
