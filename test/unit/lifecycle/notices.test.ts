import { afterEach, beforeEach, describe, expect, it, test, vi } from "vitest";
import { handleNotices, isLeaving } from "../../../src/lifecycle/handle-notices.ts";
import type { Imds } from "../../../src/lifecycle/imds.ts";
import { createLogger } from "../../../src/telemetry/logger.ts";
import { aGroup } from "../../helpers/auto-scaling.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** The metadata of an instance, which tests change; it does not answer while `broken`. */
function anInstance() {
  const texts = new Map([["instance-id", "i-1"]]);
  const state = { broken: false, looks: 0 };
  const imds: Imds = {
    read: async (path) => {
      if (path === "spot/instance-action") state.looks += 1;
      if (state.broken) throw new Error("no answer");
      return texts.get(path);
    },
  };
  return { imds, texts, state };
}

function watched(group = aGroup()) {
  const { imds, texts, state } = anInstance();
  const did: string[] = [];
  const logged: string[] = [];
  const handling = handleNotices({
    imds,
    autoScaling: group.autoScaling,
    drain: (why) => did.push(`drain ${why}`),
    cancel: () => did.push("cancel"),
    exit: (code) => did.push(`exit ${code}`),
    logger: createLogger({ level: "info", pretty: false, destination: { write: (line) => logged.push(line) } }),
  });
  return { texts, state, did, logged, handling, group };
}

const seconds = (count: number): Promise<unknown> => vi.advanceTimersByTimeAsync(count * 1000);

describe("handleNotices", () => {
  test("fault 20: a Spot notice stops the intake and cancels what runs, once, within one look", async () => {
    const { texts, did, handling } = watched();
    await seconds(12);
    expect(did).toEqual([]);
    texts.set("spot/instance-action", '{"action":"terminate"}');
    await seconds(5);
    expect(did).toEqual(["drain spot", "cancel"]);
    await seconds(50);
    expect(did).toEqual(["drain spot", "cancel"]);
    await handling[Symbol.asyncDispose]();
    await seconds(100);
    expect(did).toHaveLength(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("fault 20: what is not given back after a minute of a Spot notice is left behind", async () => {
    const { texts, did, handling } = watched();
    texts.set("spot/instance-action", "{}");
    await seconds(66);
    expect(did).toEqual(["drain spot", "cancel", "exit 1"]);
    await handling[Symbol.asyncDispose]();
  });

  test("fault 21: a rebalance recommendation drains and cancels nothing, and a later Spot notice still cancels", async () => {
    const { texts, did, handling } = watched();
    texts.set("events/recommendations/rebalance", "{}");
    await seconds(600);
    expect(did).toEqual(["drain rebalance"]);
    texts.set("spot/instance-action", "{}");
    await seconds(5);
    expect(did).toEqual(["drain rebalance", "drain spot", "cancel"]);
    await handling[Symbol.asyncDispose]();
  });

  test("fault 22: a terminating group is kept waiting while jobs run, and goes on when they have ended", async () => {
    const { texts, did, handling, group } = watched();
    texts.set("autoscaling/target-lifecycle-state", "Terminated");
    await seconds(65);
    expect(did).toEqual(["drain asg"]);
    // The hook's timeout is 30 s: at 5, 15, 25, 35, 45, 55 and 65 s.
    expect(group.did.filter((call) => call.startsWith("heartbeat"))).toHaveLength(7);
    expect(group.did).not.toContain("complete workers drain i-1");
    await handling.drained();
    expect(group.did.at(-1)).toBe("complete workers drain i-1");
    await handling[Symbol.asyncDispose]();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("runs on without metadata, says so once, and sees a notice when it is back", async () => {
    const { texts, state, did, logged, handling } = watched();
    state.broken = true;
    await seconds(60);
    state.broken = false;
    await seconds(5);
    expect(did).toEqual([]);
    expect(state.looks).toBeGreaterThanOrEqual(13);
    expect(logged).toHaveLength(2);
    texts.set("events/recommendations/rebalance", "{}");
    await seconds(5);
    expect(did).toEqual(["drain rebalance"]);
    await handling[Symbol.asyncDispose]();
  });

  it("does not begin a look before the one before has ended", async () => {
    let looks = 0;
    const never: Imds = {
      read: async () => {
        looks += 1;
        return new Promise(() => undefined);
      },
    };
    const { autoScaling } = aGroup();
    const logger = createLogger({ level: "silent", pretty: false });
    const nothing = (): void => undefined;
    const handling = handleNotices({ imds: never, autoScaling, drain: nothing, cancel: nothing, exit: nothing, logger });
    await seconds(60);
    expect(looks).toBe(3);
    await handling[Symbol.asyncDispose]();
  });
});

describe("isLeaving", () => {
  const logger = createLogger({ level: "silent", pretty: false });

  it("says no on an instance that stays, and on one that does not answer", async () => {
    const { imds, state } = anInstance();
    const { autoScaling } = aGroup();
    expect(await isLeaving({ imds, autoScaling, logger })).toBe(false);
    state.broken = true;
    expect(await isLeaving({ imds, autoScaling, logger })).toBe(false);
  });

  it("says yes under a notice, and lets a group that waits go on", async () => {
    const { imds, texts } = anInstance();
    const group = aGroup();
    texts.set("autoscaling/target-lifecycle-state", "Terminated");
    expect(await isLeaving({ imds, autoScaling: group.autoScaling, logger })).toBe(true);
    expect(group.did).toContain("complete workers drain i-1");
  });
});
