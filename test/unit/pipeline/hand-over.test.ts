import { afterEach, describe, expect, test, vi } from "vitest";
import { EngineError, LeaseLostError } from "../../../src/domain/errors.ts";
import type { EngineName } from "../../../src/domain/job.ts";
import { createEngineDesk } from "../../../src/engines/desk.ts";
import type { RemoteEngine, Unsupported } from "../../../src/engines/remote.ts";
import { RemoteEngineError } from "../../../src/engines/remote.ts";
import { handOver } from "../../../src/pipeline/hand-over.ts";
import { moveOn } from "../../../src/pipeline/move-on.ts";
import type { JobEvent } from "../../../src/pipeline/ports.ts";
import { claimTaker, submittedTaker } from "../../../src/state/claims.ts";
import { listRemoteRecords, readRemoteRecord, removeRemoteRecord } from "../../../src/state/remote-records.ts";
import { memoryStore } from "../../helpers/memory-store.ts";
import { aPlan } from "../../helpers/plans.ts";
import { anAdmitted } from "../../helpers/remote-records.ts";

const { signal } = new AbortController();
const ADMITTED = anAdmitted();
const JOB = { id: "a".repeat(32), source: ADMITTED.object.ref };
const SETTINGS = { failures: 2, openSeconds: 60, maximumOpenSeconds: 600 };
const refused = (failureClass: RemoteEngineError["failureClass"], unclear = false): RemoteEngineError =>
  new RemoteEngineError("no", { engine: "mediaconvert", failureClass, unclear });

interface World {
  readonly order?: readonly EngineName[];
  readonly unsupported?: readonly Unsupported[];
  readonly etag?: string;
}

/** A service whose jobs are a list; `trouble` is thrown around the next calls of that name. */
function aWorld({ order = ["mediaconvert", "ffmpeg"], unsupported = [], etag = ADMITTED.object.etag }: World = {}) {
  const state = memoryStore();
  const jobs: string[] = [];
  const events: JobEvent[] = [];
  const trouble: { check?: Error; before?: Error; after?: Error; find?: Error; record?: Error; lease?: Error } = {};
  const clock = { nowMs: 0 };
  const asked: string[] = [];
  const raise = (name: keyof typeof trouble): void => {
    const error = trouble[name];
    delete trouble[name];
    if (error) throw error;
  };
  const engine: RemoteEngine = {
    name: "mediaconvert",
    check: async () => {
      asked.push("check");
      raise("check");
    },
    unsupported: () => unsupported,
    submit: async ({ token }) => {
      asked.push("submit");
      raise("before");
      jobs.push(token);
      raise("after");
      return `job-${jobs.length}`;
    },
    find: async ({ token }) => {
      raise("find");
      return jobs.includes(token) ? `job-${jobs.indexOf(token) + 1}` : undefined;
    },
    read: async () => ({ kind: "submitted" }),
    cancel: async () => undefined,
    close: () => undefined,
  };
  const desk = createEngineDesk({ order, settings: SETTINGS, nowMs: () => clock.nowMs });
  const lease = { visibilitySeconds: 300, everySeconds: 60, marginSeconds: 60 };
  const store = {
    ...state,
    writeText: async (object: Parameters<typeof state.writeText>[0]) => {
      if (object.key.startsWith("jobs/remote/")) raise("record");
      return state.writeText(object);
    },
  };
  const attempt = async (wanted?: EngineName) => {
    const { sourceId, ladderHash, assetPath } = ADMITTED;
    const claim = await claimTaker({ store: state, lease })({ jobId: JOB.id, messageId: "m", sourceId, ladderHash, assetPath }, signal);
    const job = { ...JOB, ...(wanted === undefined ? {} : { engine: wanted }) };
    const services = { desk, engines: new Map([["mediaconvert" as const, engine]]), state: store, publishBucket: "published" };
    const sources = { head: async () => ({ ...ADMITTED.object, etag }) };
    const report = (event: JobEvent): void => void events.push(event);
    const checkLease = (): void => {
      raise("lease");
      claim.check();
    };
    const run = { deps: { services, sources, report }, context: { signal, checkLease, messageId: "m" } };
    try {
      const handed = await handOver({ job, admitted: ADMITTED, claim, plan: aPlan() }, { ...run, stage: async (_stage, work) => work() });
      await claim.end(handed === "here" ? "published" : handed);
      return handed;
    } catch (error) {
      await claim.end("failed");
      return error;
    }
  };
  /** The service ends the job so, and the job is handed on. */
  const fail = async (failureClass: RemoteEngineError["failureClass"]) => {
    const [name] = await listRemoteRecords(state, signal);
    const stored = name && (await readRemoteRecord(state, name, signal));
    if (!stored) throw new Error("no job was submitted");
    const record = { ...stored.record, state: { kind: "failed" as const, failure: { code: "1999", message: "no", class: failureClass } } };
    const claim = await submittedTaker({ store: state, lease })(record, signal);
    if (!claim) throw new Error("the claim is another's");
    await moveOn({ send: async () => undefined })(record, "no", claim);
    await claim.end("failed");
    await removeRemoteRecord(state, record, signal);
  };
  return { jobs, events, trouble, desk, clock, asked, attempt, fail, records: () => listRemoteRecords(state, signal) };
}

afterEach(() => vi.useRealTimers());

describe("a job whose plan is made", () => {
  test("is handed to the first engine of the order, with a record to finish it by", async () => {
    const { attempt, jobs, records, events } = aWorld();
    expect(await attempt()).toBe("submitted");
    expect(jobs).toHaveLength(1);
    expect(await records()).toStrictEqual([{ engine: "mediaconvert", remoteId: "job-1" }]);
    expect(events).toMatchObject([{ kind: "engine-chosen", engine: "mediaconvert", why: "first" }]);
  });

  test.each([
    ["before the service had it", { before: refused("service", true) }],
    ["when its answer was lost", { after: refused("service", true) }],
    ["before it was noted", { record: new Error("killed") }],
  ] as const)("fault 6: that was interrupted %s is one remote job after the next attempt", async (_name, trouble) => {
    const { attempt, jobs, records, trouble: next } = aWorld();
    Object.assign(next, trouble);
    expect(await attempt()).toBeInstanceOf(Error);
    expect(await attempt()).toBe("submitted");
    expect(new Set(jobs).size).toBe(1);
    expect(jobs).toHaveLength(1);
    expect(await records()).toStrictEqual([{ engine: "mediaconvert", remoteId: "job-1" }]);
  });

  test.each(["quota", "service", "role"] as const)(
    "fault 6: that the service may have waits while it does not answer (%s), and is one remote job then",
    async (failureClass) => {
      const { attempt, jobs, trouble } = aWorld();
      trouble.after = refused("service", true);
      expect(await attempt()).toBeInstanceOf(Error);
      trouble.find = refused(failureClass);
      expect(await attempt()).toMatchObject({ code: "engine_unavailable" });
      const [recovered] = [await attempt()];
      expect([recovered, jobs.length]).toEqual(["submitted", 1]);
    },
  );

  test("goes to the next engine when the service is silent about a job that would have ended long ago", async () => {
    const { attempt, trouble } = aWorld();
    trouble.after = refused("service", true);
    await attempt();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 7 * 3_600_000 });
    trouble.find = refused("service");
    expect(await attempt()).toBe("here");
  });

  test("begins anew when its only engine has failed it, and is rejected when that refused it", async () => {
    const { attempt, fail, jobs } = aWorld({ order: ["mediaconvert"] });
    expect(await attempt()).toBe("submitted");
    await fail("service");
    expect(await attempt()).toMatchObject({ code: "engine_failed", disposition: "retry" });
    expect(await attempt()).toBe("submitted");
    expect(new Set(jobs).size).toBe(2);
    await fail("source");
    expect(await attempt()).toMatchObject({ code: "engine_rejected" });
    expect(jobs).toHaveLength(2);
  });

  test("goes to the next engine when the service refuses it, and at once for those after it when a role does", async () => {
    const { attempt, trouble, jobs, events, desk } = aWorld();
    trouble.before = refused("role");
    expect(await attempt()).toBe("here");
    expect(events.at(-1)).toMatchObject({ engine: "ffmpeg", why: "tried" });
    expect(desk.circuits()).toStrictEqual(new Map([["mediaconvert", "open"]]));
    expect(await attempt()).toBe("here");
    expect(events.at(-1)).toMatchObject({ engine: "ffmpeg", why: "circuit" });
    expect(jobs).toStrictEqual([]);
  });

  test("that is to find out whether the service is back asks for its queue first: one that is paused takes jobs and starts none", async () => {
    const { attempt, trouble, jobs, asked, clock, desk } = aWorld();
    desk.failed("mediaconvert", "role");
    clock.nowMs = 60_000;
    trouble.check = refused("role");
    expect(await attempt()).toBe("here");
    expect({ asked, jobs }).toStrictEqual({ asked: ["check"], jobs: [] });
    expect(desk.circuits().get("mediaconvert")).toBe("open");
    clock.nowMs = 180_000;
    expect(await attempt()).toBe("submitted");
    expect(asked).toStrictEqual(["check", "check", "submit"]);
  });

  test("stays here when the service cannot do its plan, which says nothing of the service", async () => {
    const { attempt, events, desk } = aWorld({ unsupported: [{ kind: "hdr", reason: "no HDR" }] });
    expect(await attempt()).toBe("here");
    expect(events.at(-1)).toMatchObject({ engine: "ffmpeg", why: "unsupported", reason: expect.stringContaining("no HDR") });
    expect(desk.circuits().get("mediaconvert")).toBe("closed");
  });

  test("is for the engine that it names, whatever the order", async () => {
    const { attempt, jobs } = aWorld();
    expect(await attempt("ffmpeg")).toBe("here");
    expect(jobs).toStrictEqual([]);
  });

  test("waits when the only engine is not healthy, and is rejected when it cannot do it", async () => {
    const waiting = aWorld({ order: ["mediaconvert"] });
    waiting.desk.failed("mediaconvert", "quota");
    expect(await waiting.attempt()).toMatchObject({ code: "engine_unavailable" });
    const refusing = aWorld({ order: ["mediaconvert"], unsupported: [{ kind: "hdr", reason: "no HDR" }] });
    const error = await refusing.attempt();
    expect(error).toBeInstanceOf(EngineError);
    expect(error).toMatchObject({ code: "engine_rejected" });
  });

  test.each([
    ["quota", "engine_unavailable"],
    ["service", "engine_unavailable"],
    ["role", "engine_unavailable"],
    ["source", "engine_rejected"],
  ] as const)("that its only engine refuses for a %s ends with %s", async (failureClass, code) => {
    const { attempt, trouble } = aWorld({ order: ["mediaconvert"] });
    trouble.before = refused(failureClass);
    expect(await attempt()).toMatchObject({ code });
    const named = aWorld();
    named.trouble.before = refused(failureClass);
    expect(await named.attempt("mediaconvert")).toMatchObject({ code });
  });

  test("is not submitted when its source was overwritten meanwhile: a service would read the new one", async () => {
    const { attempt, jobs } = aWorld({ etag: "another" });
    expect(await attempt()).toBe("stale");
    expect(jobs).toStrictEqual([]);
  });

  test("is not submitted without the lease, and found again by whoever has it", async () => {
    const { attempt, trouble, jobs, records } = aWorld();
    const lost = new LeaseLostError("the lease ran out");
    trouble.lease = lost;
    expect(await attempt()).toBe(lost);
    expect(jobs).toStrictEqual([]);
    expect(await attempt()).toBe("submitted");
    expect(await records()).toHaveLength(1);
  });
});
