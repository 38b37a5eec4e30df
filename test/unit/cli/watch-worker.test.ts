import { describe, expect, it } from "vitest";

import { publishedIn } from "../../../src/cli/watch-worker.ts";

const START = "2026-11-28T10:00:00.000Z";
const LATER = "2026-11-28T10:01:00.000Z";
const counted = { sinceMs: Date.parse(START), but: "ladderd-canary/" };
const job = ({ outcome = "published", sourceKey = "films/a.mp4", endedAt = LATER } = {}) => ({ outcome, sourceKey, endedAt });
const running = [{ stage: "encode", fraction: 0.5 }];

describe("what a worker publishes while a canary waits", () => {
  it("counts as soon as it is there", () => {
    expect(publishedIn({ running: [], ended: [job({ sourceKey: "films/b.mp4" }), job(), job({ outcome: "failed" })] }, counted)).toBe(2);
  });

  it.each([
    ["an encode, which a build that cannot publish does as well", { running, ended: [] }],
    ["a job that failed", { running, ended: [job({ outcome: "failed" })] }],
    ["what was published before", { running, ended: [job({ endedAt: "2026-11-28T09:59:59.000Z" })] }],
    [
      "a canary, this one or another machine's: its objects are fetched back",
      { running, ended: [job({ sourceKey: "ladderd-canary/0.mp4" })] },
    ],
  ])("is not %s", (_, answer) => {
    expect(publishedIn(answer, counted)).toBe(0);
  });

  it("is not read out of another answer", () => {
    expect(() => publishedIn({ error: "there is nothing here" }, counted)).toThrow("ended");
  });
});
