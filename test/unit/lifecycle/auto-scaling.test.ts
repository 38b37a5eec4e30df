import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { protectWhileBusy, wantedProtection } from "../../../src/lifecycle/scale-in-protection.ts";
import { holdTermination } from "../../../src/lifecycle/termination.ts";
import { createLogger } from "../../../src/telemetry/logger.ts";
import { aGroup } from "../../helpers/auto-scaling.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const logger = createLogger({ level: "silent", pretty: false });
const instanceId = async (): Promise<string> => "i-1";
const seconds = (count: number): Promise<unknown> => vi.advanceTimersByTimeAsync(count * 1000);
const callsOf = (did: readonly string[], kind: string): readonly string[] => did.filter((call) => call.startsWith(kind));

describe("holdTermination", () => {
  it("asks for nothing more where no hook waits", async () => {
    const { autoScaling, did } = aGroup({ hooks: [] });
    const termination = holdTermination({ autoScaling, instanceId, logger });
    await seconds(300);
    await termination.complete();
    expect(did).toEqual(["group of i-1", "hooks of workers"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("goes on trying while Auto Scaling does not answer", async () => {
    const { autoScaling, did, state } = aGroup();
    state.broken = true;
    const termination = holdTermination({ autoScaling, instanceId, logger });
    await seconds(45);
    expect(callsOf(did, "group of")).toHaveLength(3);
    state.broken = false;
    await seconds(20);
    expect(callsOf(did, "heartbeat")).toHaveLength(1);
    await termination.complete();
  });

  it("resolves although the group cannot be told: after three tries, and in 15 s when nothing answers at all", async () => {
    const { autoScaling, did, state } = aGroup();
    const termination = holdTermination({ autoScaling, instanceId, logger });
    await seconds(1);
    state.broken = true;
    const completed = termination.complete();
    await seconds(3);
    await completed;
    expect(callsOf(did, "complete")).toHaveLength(3);

    const deaf = holdTermination({ autoScaling: { ...autoScaling, groupOf: () => new Promise(() => undefined) }, instanceId, logger });
    const given = deaf.complete();
    await seconds(15);
    await given;
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("wantedProtection", () => {
  it.each([
    { busy: true, idleLooks: 0, current: undefined, wanted: true },
    { busy: true, idleLooks: 0, current: false, wanted: true },
    { busy: true, idleLooks: 0, current: true, wanted: undefined },
    { busy: false, idleLooks: 5, current: true, wanted: undefined },
    { busy: false, idleLooks: 6, current: true, wanted: false },
    { busy: false, idleLooks: 6, current: undefined, wanted: false },
    { busy: false, idleLooks: 9, current: false, wanted: undefined },
  ])("busy $busy, $idleLooks idle looks, now $current: $wanted", ({ busy, idleLooks, current, wanted }) => {
    expect(wantedProtection(busy, idleLooks, current)).toBe(wanted);
  });
});

describe("protectWhileBusy", () => {
  it("makes one call for many jobs, and one more a minute after the last", async () => {
    const { autoScaling, did } = aGroup();
    let jobs = 3;
    await using protection = protectWhileBusy({ autoScaling, instanceId, runningJobs: () => jobs, logger });
    await seconds(600);
    jobs = 0;
    await seconds(30);
    jobs = 2;
    await seconds(30);
    expect(callsOf(did, "protect")).toEqual(["protect workers i-1 true"]);
    jobs = 0;
    await seconds(70);
    expect(callsOf(did, "protect")).toEqual(["protect workers i-1 true", "protect workers i-1 false"]);
    await protection[Symbol.asyncDispose]();
    expect(callsOf(did, "protect")).toHaveLength(2);
  });

  it("tries again while Auto Scaling fails, and ends the protection when the worker ends", async () => {
    const { autoScaling, did, state } = aGroup();
    state.broken = true;
    const protection = protectWhileBusy({ autoScaling, instanceId, runningJobs: () => 1, logger });
    await seconds(25);
    state.broken = false;
    await seconds(10);
    expect(callsOf(did, "protect")).toEqual(["protect workers i-1 true"]);
    await protection[Symbol.asyncDispose]();
    expect(callsOf(did, "protect").at(-1)).toBe("protect workers i-1 false");
    expect(vi.getTimerCount()).toBe(0);
  });
});
