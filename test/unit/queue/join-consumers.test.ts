import { expect, test } from "vitest";
import type { Consumers } from "../../../src/queue/consumers.ts";
import { joinConsumers } from "../../../src/queue/join-consumers.ts";

function someConsumers(name: string, calls: string[], running: number): Consumers {
  return {
    drain: async () => void calls.push(`${name} drains`),
    abortPolls: () => void calls.push(`${name} aborts`),
    cancel: (reason) => void calls.push(`${name} cancels: ${reason}`),
    running: () => running,
    lastPollAt: () => running * 1000,
  };
}

test("jobs and events stop together and are counted together; health is judged by the jobs", async () => {
  const calls: string[] = [];
  const both = joinConsumers(someConsumers("jobs", calls, 2), someConsumers("events", calls, 1));
  both.abortPolls();
  both.cancel("why");
  await both.drain();
  expect(calls).toEqual(["jobs aborts", "events aborts", "jobs cancels: why", "events cancels: why", "jobs drains", "events drains"]);
  expect(both.running()).toBe(3);
  expect(both.lastPollAt()).toBe(2000);
});

test("without a queue of events the jobs are all there is", () => {
  const jobs = someConsumers("jobs", [], 1);
  expect(joinConsumers(jobs, undefined)).toBe(jobs);
});
