import type { ModelBucket } from "./model-bucket.ts";
import { DOUBLE_DELIVERY } from "./model-queue.ts";
import type { Scenario } from "./scenario.ts";
import type { World } from "./world.ts";
import { breaks } from "./world.ts";

/** As claims.ts has it. */
const MAX_CRASHES = 3;

/** What SQS delivers twice is received once too often, and harms nobody. */
const harmsIn = ({ faults }: World): number => faults.filter((fault) => !fault.startsWith(DOUBLE_DELIVERY)).length;

/** Of the two who have such a message one may find its upload overtaken, and delete it under the other, who works on the newer one. */
const doubleDeliveriesIn = ({ faults }: World): number => faults.filter((fault) => fault.startsWith(DOUBLE_DELIVERY)).length;

/** I8: without a fault each upload is encoded once, and each wish for it; each fault may cost one encode. */
export function boundEncodes(world: World, { uploads, jobs }: Scenario): void {
  const harms = harmsIn(world) + (uploads.length > 1 ? doubleDeliveriesIn(world) : 0);
  const wishes = [...uploads, ...jobs.flatMap(({ upload }) => uploads[upload] ?? [])];
  for (const [content, count] of world.encodes) {
    const wished = wishes.filter((one) => one.content === content).length;
    if (count > wished + harms) breaks(world, `I8: ${content} was encoded ${count} times after ${harms} faults`);
  }
}

/** R-Q10: a source that is given up for its crashes had three of them. */
export function boundCrashes(world: World, { objects }: ModelBucket): void {
  const isGivenUp = [...objects].some(([key, { text = "" }]) => key.startsWith("failures/") && text.includes('"resource_limit"'));
  if (isGivenUp && harmsIn(world) < MAX_CRASHES) breaks(world, `R-Q10: a source was given up after ${harmsIn(world)} faults`);
}
