import { describe, expect, test } from "vitest";
import { ClaimHeldError, InvalidJobError, OutputError, ShutdownError, StorageError } from "../../../src/domain/errors.ts";
import { sweepRemote } from "../../../src/pipeline/sweep-remote.ts";
import { recordText } from "../../../src/publish/commit.ts";
import { aRecord } from "../../helpers/records.ts";
import { CANCELED, COMPLETE, FAILED, HEADERS, MEDIA, NAME, aRemoteJob, told } from "../../helpers/remote-job.ts";

const { signal } = new AbortController();

describe("a job that is complete and that nobody can publish", () => {
  test("is handed on when it took twice the age", async () => {
    const job = await aRemoteJob({ state: COMPLETE });
    const full = { finish: async () => Promise.reject(new StorageError("the store is away")) };
    expect(await job.sweep(7000, full)).toMatchObject([{ outcome: "error" }]);
    expect(job.log).not.toContainEqual(expect.stringContaining("move on"));
    const stopped = { finish: async () => Promise.reject(new ShutdownError("the worker stops")) };
    expect(await job.sweep(7200, stopped)).toMatchObject([{ outcome: "error" }]);
    expect(await job.sweep(7200, full)).toMatchObject([{ outcome: "moved-on" }]);
    expect(job.log).toContain("move on: it could not be published in time: the store is away");
    expect(await job.record()).toBeUndefined();
  });

  test("fault 60: is handed on when it took three workers along", async () => {
    const job = await aRemoteJob({ state: COMPLETE });
    job.world.crashes = 2;
    expect(await job.sweep(60)).toMatchObject([{ outcome: "published" }]);
    const poison = await aRemoteJob({ state: COMPLETE });
    poison.world.crashes = 3;
    expect(await poison.sweep(60)).toMatchObject([{ outcome: "moved-on" }]);
    expect(poison.log).not.toContain("finish");
  });
});

describe("an event of a remote job", () => {
  test("that is complete is published under its claim, and its record goes last", async () => {
    const job = await aRemoteJob();
    expect(await job.take(told(COMPLETE))).toBe("published");
    expect(job.log).toStrictEqual(["finish", "claim published"]);
    expect(await job.record()).toBeUndefined();
    expect(job.published.objects.has(MEDIA)).toBe(true);
  });

  test("that comes twice publishes once", async () => {
    const job = await aRemoteJob();
    expect([await job.take(told(COMPLETE)), await job.take(told(COMPLETE))]).toStrictEqual(["published", "early"]);
    expect(job.log.filter((entry) => entry === "finish")).toHaveLength(1);
  });

  test("of progress after the end changes nothing", async () => {
    const job = await aRemoteJob({ state: COMPLETE });
    await job.take(told({ kind: "progressing", percent: 99 }));
    expect(job.log).toStrictEqual(["finish", "claim published"]);
  });

  test.each([
    ["failed", FAILED, "move on: 1040: settings"],
    ["was cancelled", CANCELED, "move on: it was cancelled at the service"],
  ])("that %s hands the job on, and what it wrote is removed", async (_name, state, step) => {
    const job = await aRemoteJob();
    expect(await job.take(told(state))).toBe("moved-on");
    expect(job.log).toStrictEqual([step, "claim failed"]);
    expect(job.published.objects.has(MEDIA)).toBe(false);
    expect(await job.record()).toBeUndefined();
  });

  test("that failed keeps its record, and gives its claim back, when the job cannot be handed on now", async () => {
    const job = await aRemoteJob();
    const away = async (): Promise<never> => Promise.reject(new StorageError("slow down"));
    await expect(job.take(told(FAILED), { moveOn: away })).rejects.toThrow("slow down");
    expect(job.log.at(-1)).toBe("claim given back");
    expect(await job.record()).toMatchObject({ state: FAILED });
    expect(await job.take(told(FAILED))).toBe("moved-on");
  });

  test.each([
    ["half the outputs are missing", new OutputError("output_incomplete", "half"), "half"],
    ["the path belongs to another source", new InvalidJobError("destination_conflict", "another source"), "another source"],
  ])("that is complete while %s hands the job on", async (_name, error, reason) => {
    const job = await aRemoteJob();
    expect(await job.take(told(COMPLETE), { finish: () => Promise.reject(error) })).toBe("moved-on");
    expect(job.log).toStrictEqual([`move on: ${reason}`, "claim failed"]);
  });

  test.each([
    ["a film that is published is well done", COMPLETE, undefined, ["done"]],
    ["a job that failed is what its error says", FAILED, undefined, ["source"]],
    ["outputs that do not hold are a bad job", COMPLETE, new OutputError("output_incomplete", "half"), ["retry"]],
    ["nothing of a job that somebody cancelled", CANCELED, undefined, []],
    ["nothing of a path of another source", COMPLETE, new InvalidJobError("destination_conflict", "no"), []],
    ["nothing while the store is slow", COMPLETE, new StorageError("slow down"), []],
  ] as const)("tells the circuit what it says of the service: %s", async (...[, state, error, verdicts]) => {
    const job = await aRemoteJob();
    const heard: string[] = [];
    const finish = error ? { finish: () => Promise.reject(error) } : {};
    await job.take(told(state), { ...finish, judge: (engine, end) => void heard.push(`${engine} ${end}`) }).catch(() => undefined);
    expect(heard).toStrictEqual(verdicts.map((verdict) => `mediaconvert ${verdict}`));
  });

  test("whose publishing fails for a while leaves everything for the next time", async () => {
    const job = await aRemoteJob();
    const finish = () => Promise.reject(new StorageError("slow down"));
    await expect(job.take(told(COMPLETE), { finish })).rejects.toThrow("slow down");
    expect(job.log).toStrictEqual(["claim given back"]);
    expect(job.published.objects.has(MEDIA)).toBe(true);
    expect(await job.take(told(COMPLETE))).toBe("published");
  });

  test("that cannot be handed on now is handed on the next time", async () => {
    const job = await aRemoteJob();
    await expect(job.take(told(FAILED), { moveOn: () => Promise.reject(new StorageError("no queue")) })).rejects.toThrow("no queue");
    expect(await job.record()).toMatchObject({ state: { kind: "failed" } });
    expect(await job.take(told(FAILED))).toBe("moved-on");
  });

  test("fault 56: a late success after another attempt took the source changes nothing, and its objects go", async () => {
    const job = await aRemoteJob();
    job.world.claim = "ended";
    const local = aRecord({ assetPath: "films/one" });
    await job.published.writeText({ key: "films/one/asset.json", text: recordText(local), headers: HEADERS });
    expect(await job.take(told(COMPLETE))).toBe("lost");
    expect(job.log).toStrictEqual([]);
    expect([...job.published.objects.keys()]).toStrictEqual(["films/one/asset.json"]);
    expect(await job.record()).toBeUndefined();
  });

  test("after a kill between the publish and the record's end loses nothing of what is published", async () => {
    const job = await aRemoteJob();
    job.world.claim = "ended";
    const own = aRecord({ assetPath: "films/one", revision: "20261123T040000-ab12" });
    await job.published.writeText({ key: "films/one/asset.json", text: recordText(own), headers: HEADERS });
    expect(await job.take(told(COMPLETE))).toBe("lost");
    expect(job.published.objects.has(MEDIA)).toBe(true);
  });

  test("while somebody else finishes the job is left for later", async () => {
    const job = await aRemoteJob();
    job.world.claim = "held";
    await expect(job.take(told(COMPLETE))).rejects.toBeInstanceOf(ClaimHeldError);
    expect(await job.record()).toMatchObject({ state: COMPLETE });
  });

  test("that ends before its record is written is to come again, one that nobody here submitted is not", async () => {
    const job = await aRemoteJob();
    const other = { remoteId: "2222222222222-abcdef" };
    expect(await job.take(told(COMPLETE, other))).toBe("early");
    expect(await job.take(told({ kind: "progressing", percent: 1 }, other))).toBe("ignored");
    expect(await job.take({ kind: "event", ...NAME, ...other, state: COMPLETE })).toBe("ignored");
  });
});

describe("a sweep of remote jobs", () => {
  test("leaves a young job alone and asks about an old one", async () => {
    const job = await aRemoteJob({}, { says: { kind: "progressing", percent: 40 } });
    await job.sweep(299);
    expect(job.log).toStrictEqual([]);
    expect(await job.sweep(300)).toStrictEqual([{ name: NAME, outcome: "waiting" }]);
    expect(job.log).toStrictEqual(["read"]);
    expect(await job.record()).toMatchObject({ state: { kind: "progressing", percent: 40 } });
  });

  test("fault 55: publishes a job whose last event was lost", async () => {
    const job = await aRemoteJob({}, { says: COMPLETE });
    expect(await job.sweep(300)).toStrictEqual([{ name: NAME, outcome: "published" }]);
    expect(job.log).toStrictEqual(["read", "finish", "claim published"]);
  });

  test("finishes at once, without asking, what was told of and left", async () => {
    const job = await aRemoteJob({ state: COMPLETE });
    await job.sweep(9999);
    expect(job.log).toStrictEqual(["finish", "claim published"]);
  });

  test("hands on a job that is too old, cancels it, and removes what it makes all the same", async () => {
    const job = await aRemoteJob({}, { says: { kind: "progressing", percent: 99 } });
    await job.sweep(3600);
    expect(job.log).toStrictEqual(["read", "move on: it has not ended within 3600 s", "claim failed", "cancel"]);
    expect(await job.record()).toMatchObject({ givenUpAt: expect.any(String) });
    expect(await job.take(told(COMPLETE))).toBe("lost");
    expect(job.log).not.toContain("finish");
    expect(job.published.objects.size).toBe(0);
    expect(await job.record()).toBeUndefined();
  });

  test("tells the circuit of a service that does not come to an end", async () => {
    const job = await aRemoteJob({}, { says: { kind: "progressing", percent: 99 } });
    const verdicts: string[] = [];
    await job.sweep(3600, { judge: (_engine, end) => void verdicts.push(end) });
    expect(verdicts).toStrictEqual(["service"]);
  });

  test("forgets a job that was given up and of which nothing is heard for days", async () => {
    const job = await aRemoteJob({ givenUpAt: "2026-11-23T04:30:00.000Z" });
    await job.sweep(3 * 86_400);
    expect(await job.record()).toBeDefined();
    await job.sweep(4 * 86_400);
    expect(await job.record()).toBeUndefined();
  });

  test("goes on after one job that fails, and passes over one that somebody finishes", async () => {
    const job = await aRemoteJob({ state: COMPLETE });
    job.world.claim = "held";
    expect(await job.sweep(1)).toStrictEqual([]);
    job.world.claim = "submitted";
    const failing = { ...job.deps, finish: () => Promise.reject(new StorageError("slow down")) };
    const swept = await sweepRemote({ deps: failing, patience: { pollAfterSeconds: 1, maximumAgeSeconds: 9 } }, signal);
    expect(swept).toMatchObject([{ outcome: "error", error: { message: "slow down" } }]);
  });

  test("of an engine that does not answer hands on what is too old", async () => {
    const job = await aRemoteJob();
    const engines = new Map([["mediaconvert" as const, { read: () => Promise.reject(new Error("503")), cancel: async () => undefined }]]);
    job.world.nowMs = Date.parse("2026-11-23T06:00:00Z");
    const patience = { pollAfterSeconds: 300, maximumAgeSeconds: 3600 };
    expect(await sweepRemote({ deps: { ...job.deps, engines }, patience }, signal)).toMatchObject([{ outcome: "moved-on" }]);
  });
});

describe("a remote job whose source was overwritten", () => {
  test("is cancelled at its next poll, and forgotten when it has ended", async () => {
    const { sweep, log, record, take, published } = await aRemoteJob();
    await sweep(301, { isOverwritten: async () => true });
    expect(log).toStrictEqual(["read", "claim stale", "cancel"]);
    expect(await record()).toHaveProperty("givenUpAt");
    await take(told(CANCELED));
    expect(await record()).toBeUndefined();
    expect([...published.objects.keys()]).toStrictEqual([]);
  });

  test("goes on while nobody can tell whether it was", async () => {
    const { sweep, log } = await aRemoteJob();
    await sweep(301, { isOverwritten: async () => Promise.reject(new Error("S3 does not answer")) });
    expect(log).toStrictEqual(["read"]);
  });
});
