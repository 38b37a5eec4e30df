import { describe, expect, it } from "vitest";
import { findImds } from "../../../src/lifecycle/find-imds.ts";
import { readIdentity } from "../../../src/lifecycle/identity.ts";
import { openImds } from "../../../src/lifecycle/imds.ts";
import { lookForNotices } from "../../../src/lifecycle/notices.ts";
import { createLogger } from "../../../src/telemetry/logger.ts";
import { startFakeImds } from "../../support/fake-imds.ts";

const silent = createLogger({ level: "silent", pretty: false });
const NOBODY = "http://127.0.0.1:9";

describe("openImds", () => {
  it("reads with one token, and has nothing where there is nothing", async () => {
    await using imds = await startFakeImds();
    const client = openImds({ url: imds.url });
    expect(await client.read("instance-id")).toBe("i-0123456789abcdef0");
    expect(await client.read("spot/instance-action")).toBeUndefined();
    expect(imds.tokens()).toBe(1);
  });

  it("takes a new token when the old one is refused", async () => {
    await using imds = await startFakeImds();
    const client = openImds({ url: imds.url });
    await client.read("instance-id");
    imds.expireTokens();
    expect(await client.read("instance-id")).toBe("i-0123456789abcdef0");
    expect(imds.tokens()).toBe(2);
  });

  it("rejects what is refused for good, broken, too slow or not there, and works again after", async () => {
    await using imds = await startFakeImds();
    const client = openImds({ url: imds.url, timeoutMs: 20_000 });
    imds.fail(401);
    await expect(client.read("instance-id")).rejects.toThrow("401");
    imds.fail(500);
    await expect(client.read("instance-id")).rejects.toThrow("500");
    imds.fail(undefined);
    imds.slowDown(2000);
    await expect(openImds({ url: imds.url, timeoutMs: 300 }).read("instance-id")).rejects.toThrow("timeout");
    imds.slowDown(0);
    expect(await client.read("instance-id")).toBe("i-0123456789abcdef0");
    await expect(openImds({ url: NOBODY }).read("instance-id")).rejects.toThrow("fetch failed");
  });
});

describe("readIdentity", () => {
  it("tells what the instance is, and what of it the metadata does not tell", async () => {
    await using imds = await startFakeImds();
    imds.texts.set("instance-type", "c8g.xlarge");
    imds.texts.set("placement/availability-zone", "eu-central-1a");
    const client = openImds({ url: imds.url });
    expect(await readIdentity(client)).toEqual({ instanceId: "i-0123456789abcdef0", instanceType: "c8g.xlarge", zone: "eu-central-1a" });
    imds.fail(500, "instance-type");
    expect(await readIdentity(client)).toMatchObject({ instanceType: "unknown", zone: "eu-central-1a" });
    imds.fail(500);
    expect(await readIdentity(client)).toBeUndefined();
  });
});

describe("lookForNotices", () => {
  it.each([
    ["spot/instance-action", '{"action":"terminate","time":"2026-11-23T10:02:00Z"}', ["spot"]],
    ["events/recommendations/rebalance", '{"noticeTime":"2026-11-23T10:00:00Z"}', ["rebalance"]],
    ["autoscaling/target-lifecycle-state", "Terminated", ["asg"]],
    ["autoscaling/target-lifecycle-state", "InService", []],
  ])("takes %s with %s for %j", async (path, text, notices) => {
    await using imds = await startFakeImds();
    imds.texts.set(path, text);
    expect(await lookForNotices(openImds({ url: imds.url }))).toEqual({ notices, failures: [] });
  });

  it("sees a Spot notice beside a path that fails", async () => {
    await using imds = await startFakeImds();
    imds.texts.set("spot/instance-action", "{}");
    imds.fail(500, "autoscaling/target-lifecycle-state");
    expect(await lookForNotices(openImds({ url: imds.url }))).toMatchObject({ notices: ["spot"], failures: [expect.any(Error)] });
  });
});

describe("findImds", () => {
  it("finds the instance we are on, none elsewhere, and none when told so", async () => {
    await using imds = await startFakeImds();
    const find = async (interruptions: "auto" | "on" | "off", imdsUrl: string): Promise<boolean> =>
      (await findImds({ interruptions, imdsUrl, logger: silent })) !== undefined;
    expect(await find("auto", imds.url)).toBe(true);
    expect(await find("auto", NOBODY)).toBe(false);
    expect(await find("off", imds.url)).toBe(false);
    expect(await find("on", NOBODY)).toBe(true);
    imds.texts.delete("instance-id");
    expect(await find("auto", imds.url)).toBe(false);
  });

  it("asks again where a busy machine did not answer at once, and gives up after three times", async () => {
    await using imds = await startFakeImds();
    imds.fail(503, "instance-id", 2);
    expect(await findImds({ interruptions: "auto", imdsUrl: imds.url, logger: silent })).toBeDefined();
    imds.fail(503, "instance-id", 3);
    expect(await findImds({ interruptions: "auto", imdsUrl: imds.url, logger: silent })).toBeUndefined();
  });
});
