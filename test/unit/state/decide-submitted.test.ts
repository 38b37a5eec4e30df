import { describe, expect, test } from "vitest";
import { decideSubmitted } from "../../../src/state/decide-submitted.ts";

const WISH = { revision: "one", expirySeconds: 300 };

describe("the claim of a remote job that is to be finished", () => {
  test.each([
    ["taken when its attempt submitted it", { state: "submitted", revision: "one", ageSeconds: 86_400 }, "take"],
    ["lost when another attempt submitted it", { state: "submitted", revision: "two", ageSeconds: 1 }, "lost"],
    ["lost when another attempt holds it", { state: "held", revision: "two", ageSeconds: 9999 }, "lost"],
    ["lost when it ended", { state: "ended", revision: "one", ageSeconds: 1 }, "lost"],
    ["lost when it names no revision", { state: "held", ageSeconds: 9999 }, "lost"],
    ["lost when a newer build put it into a state of its own", { state: "resting", revision: "one", ageSeconds: 9999 }, "lost"],
    ["lost when there is none", undefined, "lost"],
    ["held while another worker finishes it", { state: "held", revision: "one", ageSeconds: 299 }, "held"],
    ["taken from a worker that is gone", { state: "held", revision: "one", ageSeconds: 300 }, "take"],
  ] as const)("is %s", (_name, claim, decision) => {
    expect(decideSubmitted(claim, WISH)).toBe(decision);
  });
});
