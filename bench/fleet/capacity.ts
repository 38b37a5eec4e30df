import { createRandom } from "../../test/simulation/random.ts";
import type { MixName } from "./assumptions.ts";
import type { Policy } from "./policy.ts";
import { averageMachine, drawWorkOf } from "./service.ts";

const SAMPLED = 50_000;

/** Seconds that a slot of the policy is busy with an upload of a mix, on average. */
export function meanSeconds(mix: MixName, { instanceTypes, slotsPerInstance }: Policy): number {
  const draw = drawWorkOf(mix, averageMachine(instanceTypes.arm64), slotsPerInstance);
  const random = createRandom(1);
  let sum = 0;
  for (let drawn = 0; drawn < SAMPLED; drawn += 1) {
    const { overheadSeconds, encodeSeconds } = draw(random);
    sum += overheadSeconds + encodeSeconds;
  }
  return sum / SAMPLED;
}

/** Instances that are busy with so many uploads an hour: the rate times the mean work. */
export function busyInstances(perHour: number, mix: MixName, policy: Policy): number {
  return ((perHour / 3600) * meanSeconds(mix, policy)) / policy.slotsPerInstance;
}

/** Beyond the busy ones, for chance and to work off a backlog. */
const RESERVE = 1.5;

/** The maximum for a peak: half as many again as are busy, in whole tens. */
export function maximumFor(perHour: number, mix: MixName, policy: Policy): number {
  return 10 * Math.ceil((RESERVE * busyInstances(perHour, mix, policy)) / 10);
}
