import { expect, test } from "vitest";
import { createCourier } from "../../../../src/cli/dev/engines/courier.ts";
import type { EventFaults } from "../../../../src/cli/dev/engines/switches.ts";

const STATES = ["PROGRESSING", "STATUS_UPDATE", "COMPLETE"];

async function carried(faults: EventFaults, jobs: readonly string[] = ["1"]): Promise<readonly string[]> {
  const sent: string[] = [];
  const courier = createCourier({
    faults: () => faults,
    send: async ({ jobId, state }) => {
      sent.push(`${jobId} ${state}`);
    },
  });
  for (const state of STATES) for (const jobId of jobs) courier.carry({ jobId, state, isFinal: state === "COMPLETE", body: "" });
  await courier.close();
  return sent;
}

test("events of a job arrive in order", async () => {
  expect(await carried({})).toEqual(["1 PROGRESSING", "1 STATUS_UPDATE", "1 COMPLETE"]);
});

test("lost states are left out, and all of them can be", async () => {
  expect(await carried({ lose: ["COMPLETE"] })).toEqual(["1 PROGRESSING", "1 STATUS_UPDATE"]);
  expect(await carried({ lose: "all" })).toEqual([]);
});

test("each event can come twice", async () => {
  expect(await carried({ double: true, lose: ["STATUS_UPDATE"] })).toEqual(["1 PROGRESSING", "1 PROGRESSING", "1 COMPLETE", "1 COMPLETE"]);
});

test("reordered events wait for the last of their own job, which then comes first", async () => {
  const sent = await carried({ reorder: true }, ["1", "2"]);
  const own = (job: string): readonly string[] => sent.filter((event) => event.startsWith(job));
  expect(own("1")).toEqual(["1 COMPLETE", "1 STATUS_UPDATE", "1 PROGRESSING"]);
  expect(own("2")).toEqual(["2 COMPLETE", "2 STATUS_UPDATE", "2 PROGRESSING"]);
});
