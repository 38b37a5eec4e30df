import { describe, expect, it } from "vitest";

import { closestName } from "../../../src/config/closest-name.ts";

describe("closestName", () => {
  it.each([
    ["LADDERD_QUEUE_URI", "LADDERD_QUEUE_URL"],
    ["LADDERD_UPLOAD_BUCKET", "LADDERD_UPLOAD_BUCKETS"],
    ["LADDERD_LADER", "LADDERD_LADDER"],
  ])("finds for %s the name %s", (wrong, right) => {
    expect(closestName(wrong, ["LADDERD_UPLOAD_BUCKETS", "LADDERD_LADDER", "LADDERD_QUEUE_URL"])).toBe(right);
  });

  it("has no answer without candidates", () => {
    expect(closestName("x", [])).toBeUndefined();
  });
});
