import { BOUND_SAFEGUARDS } from "./bounds.ts";
import { CHILD_SAFEGUARDS } from "./children.ts";
import { INSTANCE_SAFEGUARDS } from "./instance.ts";
import type { Safeguard } from "./list.ts";
import { SAFEGUARDS } from "./list.ts";
import { OPERATING_SAFEGUARDS } from "./operating.ts";
import { SETTLING_SAFEGUARDS } from "./settling.ts";

/** Every safeguard that is taken away in turn. */
export const ALL_SAFEGUARDS: readonly Safeguard[] = [
  ...SAFEGUARDS,
  ...SETTLING_SAFEGUARDS,
  ...BOUND_SAFEGUARDS,
  ...CHILD_SAFEGUARDS,
  ...INSTANCE_SAFEGUARDS,
  ...OPERATING_SAFEGUARDS,
];
