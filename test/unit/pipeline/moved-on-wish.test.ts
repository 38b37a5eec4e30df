import { expect, test } from "vitest";
import type { Job } from "../../../src/domain/job.ts";
import { moveOn } from "../../../src/pipeline/move-on.ts";
import type { SubmittedClaim } from "../../../src/pipeline/settle-remote.ts";
import { parseJobMessage } from "../../../src/queue/job-message.ts";
import { anAdmitted, aRemoteRecord } from "../../helpers/remote-records.ts";
import { RULES } from "../queue/messages.ts";

const claim: SubmittedClaim = {
  crashes: 0,
  signal: new AbortController().signal,
  check: () => undefined,
  leave: async () => undefined,
  end: async () => undefined,
  giveBack: async () => undefined,
};

/** The job that a worker reads of what is sent for one that was asked for then. */
async function sentOf(createdAt: string, wishes: Partial<Job> = {}) {
  const bodies: string[] = [];
  const usual = aRemoteRecord();
  const record = aRemoteRecord({ job: { ...usual.job, ...wishes }, admitted: anAdmitted({ createdAt }) });
  await moveOn({ send: async (body) => void bodies.push(body) })(record, "why", claim);
  return parseJobMessage(JSON.parse(bodies[0] ?? ""), RULES);
}

test("a job that is handed on was asked for when it first was: a wish that came meanwhile is the later one", async () => {
  expect(await sentOf("2026-11-20T10:00:00.000Z")).toMatchObject({ job: { eventTime: "2026-11-20T10:00:00.000Z" } });
});

test("a job is handed on with all that it asked for", async () => {
  const wishes = { assetPath: "a/b", presets: ["1351620000001-200015"], priority: 2, metadata: { title: "A" } };
  expect(await sentOf("2026-11-20T10:00:00.000Z", wishes)).toMatchObject({ job: wishes });
});

test("a job is handed on with the keys of its presets", async () => {
  const outputKeys = [{ preset: "1351620000001-200055", key: "400k" }];
  const wishes = { presets: ["1351620000001-200015", "1351620000001-200055"], outputKeys };
  expect(await sentOf("2026-11-20T10:00:00.000Z", wishes)).toMatchObject({ job: wishes });
});

test("a job whose event had a time of its own kind is handed on all the same", async () => {
  expect(await sentOf("last Friday")).toMatchObject({ kind: "job", job: { source: { key: "films/one.mp4" } } });
});
