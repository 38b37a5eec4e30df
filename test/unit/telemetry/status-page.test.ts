import { describe, expect, it } from "vitest";

import { createJobBoard } from "../../../src/telemetry/jobs.ts";
import { renderStatusPage } from "../../../src/telemetry/status-page.ts";

const ok = { ok: true, reasons: [] };

describe("renderStatusPage", () => {
  it("escapes whatever a source key or a reason brings", () => {
    const board = createJobBoard();
    const hostile = `"><script>alert('1')</script>&.mp4`;
    board.observe({ kind: "started", jobId: "a", sourceKey: hostile, bucket: "uploads" });
    board.observe({
      kind: "ended",
      jobId: "b",
      sourceKey: hostile,
      outcome: "failed",
      durationSeconds: 1,
      reason: hostile,
      assetPath: hostile,
    });
    const page = renderStatusPage({ version: "1", health: { ok: false, reasons: [hostile] }, readiness: ok, board });
    expect(page).not.toContain("<script");
    expect(page.match(/&lt;script&gt;alert\(&#39;1&#39;\)/g)).toHaveLength(5);
  });

  it("needs nothing from elsewhere", () => {
    const page = renderStatusPage({ version: "1", health: ok, readiness: ok, board: createJobBoard() });
    expect(page).not.toMatch(/\ssrc=|<link|@import|url\(|https?:/);
    expect(page).toContain("No job is running.");
  });

  it("shows how far a running job is", () => {
    const board = createJobBoard();
    board.observe({ kind: "started", jobId: "a", sourceKey: "clip.mp4", bucket: "uploads" });
    board.observe({ kind: "progress", jobId: "a", stage: "encode", fraction: 0.4, secondsLeft: 12.4 });
    const page = renderStatusPage({ version: "1", health: ok, readiness: ok, board });
    expect(page).toMatch(/clip\.mp4.*encode.*value="40".*12 s/);
  });
});
