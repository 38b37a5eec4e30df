import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Policy } from "../../../bench/fleet/policy.ts";
import type { Datapoint } from "../../../bench/fleet/target-tracking.ts";
import { createScaler } from "../../../bench/fleet/target-tracking.ts";
import { aPolicy } from "../../helpers/fleet.ts";

/** The desired capacity after each minute, of a group that is at once what is desired. */
function follow(policy: Policy, points: readonly (Datapoint | undefined)[], { desired = 10, isWarmingUp = false } = {}): readonly number[] {
  const scale = createScaler(policy);
  let now = desired;
  return points.map((point) => (now = scale(point, { desired: now, isWarmingUp })));
}

const minutes = (count: number, point: Datapoint | undefined): readonly (Datapoint | undefined)[] =>
  Array.from({ length: count }, () => point);

describe("target tracking", () => {
  const busy = { visible: 20, inFlight: 10, inService: 10 };
  const idle = { visible: 0, inFlight: 2, inService: 10 };

  it("scales out in proportion, with the third minute above the target", () => {
    expect(follow(aPolicy(), minutes(4, busy))).toEqual([10, 10, 30, 30]);
  });

  it("does not scale out when one of three minutes is not above", () => {
    expect(follow(aPolicy(), [busy, busy, { ...idle, inFlight: 10 }, busy, busy])).toEqual([10, 10, 10, 10, 10]);
  });

  it("scales in with the fifteenth minute below nine tenths of the target, a tenth of the group at a time", () => {
    expect(follow(aPolicy(), minutes(17, idle))).toEqual([...minutes(14, undefined).map(() => 10), 9, 8, 7]);
  });

  it("leaves a group between the two alarms alone", () => {
    expect(follow(aPolicy(), minutes(30, { visible: 0, inFlight: 19, inService: 20 }), { desired: 20 })).toEqual(
      minutes(30, undefined).map(() => 20),
    );
  });

  it("does not scale in while instances warm up", () => {
    expect(follow(aPolicy(), minutes(20, idle), { isWarmingUp: true }).at(-1)).toBe(10);
  });

  it("does nothing without data", () => {
    expect(follow(aPolicy(), [busy, busy, undefined, busy, busy])).toEqual([10, 10, 10, 10, 10]);
  });

  it("counts only what waits, where the policy says so", () => {
    const policy = aPolicy({ backlogCounts: "visible", backlogPerInstance: 4 });
    expect(follow(policy, minutes(3, { visible: 80, inFlight: 10, inService: 10 })).at(-1)).toBe(20);
  });

  it("starts the first instances by the step that the backlog reaches", () => {
    const policy = aPolicy({
      fromZero: [
        { backlog: 1, instances: 1 },
        { backlog: 10, instances: 5 },
      ],
    });
    const waiting = [0, 1, 9, 10, 500].map((visible) => ({ visible, inFlight: 0, inService: 0 }));
    expect(waiting.map((point) => follow(policy, [point], { desired: 0 })[0])).toEqual([0, 1, 1, 5, 5]);
  });

  it("never leaves the bounds of the group", () => {
    const count = fc.integer({ min: 0, max: 500 });
    const point = fc.option(fc.record({ visible: count, inFlight: count, inService: fc.integer({ min: 0, max: 20 }) }), { nil: undefined });
    fc.assert(
      fc.property(fc.array(point, { maxLength: 40 }), (points) => {
        const desired = follow(aPolicy({ minimumInstances: 2, maximumInstances: 20 }), points, { desired: 5 });
        expect(desired.every((value) => Number.isInteger(value) && value >= 2 && value <= 20)).toBe(true);
      }),
    );
  });
});
