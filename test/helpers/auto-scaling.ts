import type { AutoScaling } from "../../src/lifecycle/auto-scaling.ts";

/** An Auto Scaling group `workers` with one terminating hook of 30 s, and what was asked of it; every call fails while `broken`. */
export function aGroup({ hooks = [{ name: "drain", timeoutSeconds: 30 }] } = {}) {
  const did: string[] = [];
  const state = { broken: false };
  const call = async <T>(what: string, answer: T): Promise<T> => {
    did.push(what);
    if (state.broken) throw new Error("Throttling");
    return answer;
  };
  const autoScaling: AutoScaling = {
    groupOf: async (instanceId) => call(`group of ${instanceId}`, "workers"),
    terminationHooks: async (group) => call(`hooks of ${group}`, hooks),
    heartbeat: async ({ group, hook, instanceId }) => call(`heartbeat ${group} ${hook} ${instanceId}`, undefined),
    complete: async ({ group, hook, instanceId }) => call(`complete ${group} ${hook} ${instanceId}`, undefined),
    protect: async ({ group, instanceId, enabled }) => call(`protect ${group} ${instanceId} ${enabled}`, undefined),
  };
  return { autoScaling, did, state };
}
