import { readFileSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

const policy = z
  .strictObject({
    slotsPerInstance: z.number().int().min(1),
    backlogCounts: z.enum(["visible", "visible and in flight"]),
    backlogPerInstance: z.number().positive(),
    minimumInstances: z.number().int().min(0),
    maximumInstances: z.number().int().min(1),
    warmUpSeconds: z.number().int().min(0),
    fromZero: z.array(z.strictObject({ backlog: z.number().int().min(1), instances: z.number().int().min(1) })).min(1),
    onDemandBaseInstances: z.number().int().min(0),
    onDemandPercentAboveBase: z.number().int().min(0).max(100),
    instanceTypes: z.strictObject({ arm64: z.array(z.string()).min(1), x86_64: z.array(z.string()).min(1) }),
  })
  .refine(({ minimumInstances, maximumInstances }) => minimumInstances <= maximumInstances, "minimumInstances is above maximumInstances");

/** The numbers of the scaling policy, which `npm run simulate:fleet` chose. */
export type FleetPolicy = Readonly<z.infer<typeof policy>>;

const FILE = join(import.meta.dirname, "../../fleet/policy.json");

/** The policy of deploy/fleet/policy.json, the one place where it is written. */
export const loadFleetPolicy = (): FleetPolicy => policy.parse(JSON.parse(readFileSync(FILE, "utf8")));
