import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const count = z.int().min(0);

const policySchema = z
  .strictObject({
    /** Jobs at a time on an instance: `LADDERD_CONCURRENCY`. */
    slotsPerInstance: z.int().min(1),
    /** What the backlog is: messages that wait, or those and the ones that are being worked at. */
    backlogCounts: z.enum(["visible", "visible and in flight"]),
    /** What target tracking keeps the backlog of an instance at. */
    backlogPerInstance: z.number().positive(),
    minimumInstances: count,
    maximumInstances: z.int().min(1),
    /** How long an instance that came into service holds back scale-in. */
    warmUpSeconds: count,
    /** With no instance in service: how many to start, by messages that wait; the last step that is reached counts. */
    fromZero: z.array(z.strictObject({ backlog: z.int().min(1), instances: z.int().min(1) })).min(1),
    onDemandBaseInstances: count,
    onDemandPercentAboveBase: z.number().min(0).max(100),
    instanceTypes: z.strictObject({ arm64: z.array(z.string()).min(1), x86_64: z.array(z.string()).min(1) }),
  })
  .refine((policy) => policy.minimumInstances <= policy.maximumInstances, "minimumInstances is above maximumInstances");

/** What the infrastructure applies: deploy/fleet/policy.json. */
export type Policy = Readonly<z.infer<typeof policySchema>>;

const POLICY_FILE = join(import.meta.dirname, "../../deploy/fleet/policy.json");

/** The policy of a file, the project's own unless another is named. Throws a ZodError that names what is wrong. */
export function readPolicy(file: string = POLICY_FILE): Policy {
  return policySchema.parse(JSON.parse(readFileSync(file, "utf8")));
}
