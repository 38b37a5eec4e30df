import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createAutoScaling } from "../../../src/aws/auto-scaling.ts";
import { startFakeAutoScaling } from "../../support/fake-auto-scaling.ts";

const action = { group: "workers & co", hook: "drain", instanceId: "i-1" };

beforeEach(() => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe("createAutoScaling", () => {
  it("finds the group and its terminating hooks", async () => {
    await using fake = await startFakeAutoScaling();
    const autoScaling = createAutoScaling({ region: "eu-west-1", endpoint: fake.url });
    expect(await autoScaling.groupOf("i-1")).toBe("workers & co");
    expect(await autoScaling.terminationHooks("workers & co")).toEqual([{ name: "drain", timeoutSeconds: 30 }]);
  });

  it("names group, hook and instance, and signs for the service and the region", async () => {
    await using fake = await startFakeAutoScaling();
    const autoScaling = createAutoScaling({ region: "eu-west-1", endpoint: fake.url });
    await autoScaling.heartbeat(action);
    await autoScaling.complete(action);
    await autoScaling.protect({ group: "workers & co", instanceId: "i-1", enabled: true });
    const named = { Version: "2011-01-01", AutoScalingGroupName: "workers & co" };
    const hooked = { ...named, LifecycleHookName: "drain", InstanceId: "i-1" };
    expect(fake.calls).toEqual([
      { Action: "RecordLifecycleActionHeartbeat", ...hooked },
      { Action: "CompleteLifecycleAction", ...hooked, LifecycleActionResult: "CONTINUE" },
      { Action: "SetInstanceProtection", ...named, "InstanceIds.member.1": "i-1", ProtectedFromScaleIn: "true" },
    ]);
    for (const authorization of fake.authorizations)
      expect(authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/autoscaling\/aws4_request, /);
  });

  it("rejects with the service's code", async () => {
    await using fake = await startFakeAutoScaling();
    fake.fail(400);
    const autoScaling = createAutoScaling({ region: "eu-west-1", endpoint: fake.url });
    await expect(autoScaling.heartbeat(action)).rejects.toThrow("400 ValidationError: not now");
  });
});
