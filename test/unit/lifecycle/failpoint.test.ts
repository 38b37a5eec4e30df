import { describe, expect, it } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import { armFailpoint } from "../../../src/lifecycle/arm-failpoint.ts";
import { PreconditionFailed } from "../../../src/pipeline/ports.ts";
import { FAILPOINTS, parseFailpoint } from "../../../src/lifecycle/failpoint.ts";
import { createFailureStore } from "../../../src/state/failures.ts";
import { claimTaker } from "../../../src/state/claims.ts";
import { FINISH, KEYED, MOVED_ON, ORDINARY, REJECTION, SUBMIT, WAITING } from "../../support/crash-points.ts";
import { memoryStore } from "../../helpers/memory-store.ts";
import { aLog, aQueue } from "../queue/doubles.ts";

const lease = { visibilitySeconds: 30, everySeconds: 10, marginSeconds: 5 };
const headers = { contentType: "text/plain", cacheControl: "no-store" };
const request = { jobId: "j", messageId: "m", sourceId: "s", ladderHash: "l", assetPath: "a" };

/** Ports with this failpoint, and what was done to the process. */
function armedPorts(setting: string) {
  const signals: string[] = [];
  const { logger } = aLog();
  const { queue, calls } = aQueue();
  const store = memoryStore();
  const armed = armFailpoint(setting, { logger, act: (signal) => signals.push(signal) });
  const aws = armed?.aws({ queue, bucket: (_name: string) => store });
  if (!armed || !aws) throw new Error(`${setting} is no failpoint`);
  return { signals, calls, store, queue: aws.queue, bucket: aws.bucket("any"), report: armed.report(() => undefined) };
}

describe("parseFailpoint", () => {
  it("takes the first passing and a kill unless the setting says otherwise", () => {
    expect(parseFailpoint("before-encode")).toEqual({ name: "before-encode", passing: 1, action: "kill" });
    expect(parseFailpoint("after-segment:12:stop")).toEqual({ name: "after-segment", passing: 12, action: "stop" });
  });

  it.each(["", "encode", "before-encode:0", "before-encode:x", "before-encode:1:hup", "before-encode:1:kill:2"])("refuses %j", (text) => {
    expect(parseFailpoint(text)).toBeUndefined();
  });

  it("has every name once", () => {
    expect(new Set(FAILPOINTS).size).toBe(FAILPOINTS.length);
  });

  it("has no name at which no worker is killed in test/e2e", () => {
    const met = new Set([...ORDINARY, ...KEYED, ...REJECTION, ...WAITING, ...MOVED_ON, ...SUBMIT, ...FINISH.map(([name]) => name)]);
    expect(FAILPOINTS.filter((name) => !met.has(name))).toEqual([]);
  });
});

describe("the setting", () => {
  it("is read with its action", () => {
    expect(loadConfig({ env: { FAILPOINT: "after-fetch:1:term" } }).failpoint).toBe("after-fetch:1:term");
  });

  it("is refused when it names no failpoint, and in production whatever it names", () => {
    expect(() => loadConfig({ env: { FAILPOINT: "nowhere" } })).toThrow(/failpoint \(FAILPOINT\): must be/);
    expect(() => loadConfig({ env: { FAILPOINT: "after-fetch", NODE_ENV: "production" } })).toThrow(/does not kill itself/);
  });

  it("puts nothing around the ports when it is not there", () => {
    expect(armFailpoint(undefined, aLog())).toBeUndefined();
  });
});

describe("an armed worker", () => {
  it("is killed between the write and its answer, at the passing that was asked for and at no other", async () => {
    const { signals, store, bucket } = armedPorts("after-record:2");
    for (const expected of [0, 1, 1]) {
      await bucket.writeText({ key: "film/asset.json", text: "{}", headers });
      expect(signals).toHaveLength(expected);
    }
    expect(store.changes).toHaveLength(3);
    expect(signals).toEqual(["SIGKILL"]);
  });

  it("does not pass the point after a write that failed", async () => {
    const { signals, bucket } = armedPorts("after-record:1");
    await bucket.writeText({ key: "film/asset.json", text: "{}", headers });
    const refused = armedPorts("after-mpd:2");
    const mpd = { key: "film/index.mpd", text: "", headers, condition: { kind: "absent" } as const };
    await refused.bucket.writeText(mpd);
    await expect(refused.bucket.writeText(mpd)).rejects.toThrow(PreconditionFailed);
    expect([signals, refused.signals]).toEqual([["SIGKILL"], []]);
  });

  it.each([
    ["film/r/1/v180/00001.m4s", "before-segment"],
    ["film/r/1/v180/index.m3u8", "before-object"],
    ["film/asset.json", "before-record"],
    ["film/index.mpd", "before-mpd"],
    ["film/index.m3u8", "before-playlist"],
    ["jobs/0123456789abcdef.json", "before-job-record"],
    ["jobs/remote/mediaconvert/1.json", "before-remote-record"],
  ])("knows the write of %s", async (key, point) => {
    const { signals, bucket } = armedPorts(`${point}:1:term`);
    await bucket.writeText({ key, text: "", headers });
    expect(signals).toEqual(["SIGTERM"]);
  });

  it.each(["before-claim-take", "after-claim-renew", "after-claim-end"])("knows %s of a claim", async (point) => {
    const { signals, bucket } = armedPorts(point);
    let seconds = 0;
    const now = (): Date => new Date(1000 * (seconds += 1));
    const claim = await claimTaker({ store: bucket, lease, now })(request, new AbortController().signal);
    expect(signals).toHaveLength(point === "before-claim-take" ? 1 : 0);
    await claim.leave({ revision: "r", planHash: "p" });
    expect(signals).toHaveLength(point === "after-claim-end" ? 0 : 1);
    await claim.end("published");
    expect(signals).toEqual(["SIGKILL"]);
  });

  it("knows a failure record", async () => {
    const { signals, bucket } = armedPorts("after-failure:1:stop");
    await createFailureStore(bucket).record({ messageId: "m", error: new Error("e"), body: "" });
    expect(signals).toEqual(["SIGSTOP"]);
  });

  it.each(["extend", "release", "delete", "dead-letter"])("knows what it asks of the queue: %s", async (write) => {
    const { signals, queue } = armedPorts(`before-${write}`);
    await queue.extend("handle", 1);
    await queue.release("handle", 1);
    await queue.quarantine({ body: "", code: "unknown", reason: "", fingerprint: "" });
    await queue.delete("handle");
    expect(signals).toEqual(["SIGKILL"]);
  });

  it("passes a stage's second point when the stage went well", () => {
    const { signals, report } = armedPorts("after-encode");
    const ended = { kind: "stage-ended", jobId: "j", stage: "encode", durationSeconds: 1 } as const;
    report({ ...ended, code: "engine_failed" });
    expect(signals).toEqual([]);
    report(ended);
    expect(signals).toEqual(["SIGKILL"]);
  });
});
