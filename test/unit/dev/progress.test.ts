import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { formatSeconds, renderFrame } from "../../../src/cli/dev/progress-frame.ts";
import { createProgress } from "../../../src/cli/dev/progress.ts";
import { afterEvent } from "../../../src/cli/dev/progress-state.ts";
import type { JobProgress, ProgressState } from "../../../src/cli/dev/progress-state.ts";
import { clip, columnsOf, fit, plainText } from "../../../src/cli/dev/text-width.ts";
import type { JobEvent } from "../../../src/pipeline/ports.ts";

const stateOf = (...events: readonly JobEvent[]): ProgressState => events.reduce<ProgressState>(afterEvent, new Map());
const started = (jobId: string, sourceKey = `${jobId}.mp4`): JobEvent => ({ kind: "started", jobId, sourceKey, bucket: "uploads" });
const encoding = (jobId: string, fraction: number): JobEvent => ({
  kind: "progress",
  jobId,
  stage: "encode",
  fraction,
  speed: 3.14,
  secondsLeft: 65,
});
const ended = (jobId: string): JobEvent => ({ kind: "ended", jobId, sourceKey: "", outcome: "published", durationSeconds: 1 });

describe("the state of the bars", () => {
  it("has a job from its start to its end", () => {
    expect([...stateOf(started("a"), started("b"), ended("a")).keys()]).toEqual(["b"]);
  });

  it("forgets figures of the stage before", () => {
    const state = stateOf(started("a"), encoding("a", 0.5), { kind: "stage-started", jobId: "a", stage: "publish" });
    expect(state.get("a")).toEqual({ name: "a.mp4", stage: "publish" });
  });

  it("does not know jobs that never started, and holds fractions between 0 and 1", () => {
    expect(stateOf(encoding("x", 0.5)).size).toBe(0);
    expect(stateOf(started("a"), encoding("a", 1.7)).get("a")?.fraction).toBe(1);
  });
});

describe("a frame", () => {
  it("shows name, bar, stage, percent, speed and time left", () => {
    expect(renderFrame(stateOf(started("a", "clip.mp4"), encoding("a", 0.5)), 100)).toEqual([
      `clip.mp4${" ".repeat(24)} ████████████░░░░░░░░░░░░ encode   50%  3.1×  1:05 left`,
    ]);
  });

  it("has a line per job, none as wide as the terminal, whatever the names", () => {
    const job = fc.record<JobProgress>({
      name: fc.string({ unit: "grapheme", maxLength: 80 }),
      stage: fc.constant("encode"),
      fraction: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(job, { maxLength: 4 }), fc.integer({ min: 10, max: 200 }), (jobs, columns) => {
        const lines = renderFrame(new Map(jobs.map((value, index) => [String(index), value])), columns);
        expect(lines).toHaveLength(jobs.length);
        for (const line of lines) expect(columnsOf(line)).toBeLessThan(columns);
      }),
    );
  });

  it("lets no name drive the terminal", () => {
    expect(plainText("\u001B[2Jx\n\u202Egpm.exe")).toBe("?[2Jx??gpm.exe");
    expect(renderFrame(stateOf(started("a", "a\u001B]0;b\u0007")), 100)[0]).toMatch(/^a\?\]0;b\?/);
  });

  it("writes times as clocks do", () => {
    expect([0, 59.6, 3599, 3600, -3].map(formatSeconds)).toEqual(["0:00", "1:00", "59:59", "1:00:00", "0:00"]);
  });
});

describe("text in columns", () => {
  it("counts wide characters twice and marks what is cut", () => {
    expect(columnsOf("日本 e\u0301🎬")).toBe(8);
    expect(clip("日本語", 4)).toBe("日…");
    expect(fit("日本", 6)).toBe("日本  ");
    expect(clip("abc", 0)).toBe("");
  });
});

describe("the writer", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const target = (isTTY: boolean) => {
    const written: string[] = [];
    return { isTTY, columns: 80, written, write: (text: string) => written.push(text) };
  };

  it("redraws in place, at most once in 100 ms, with the cursor hidden, and restores the terminal", () => {
    const terminal = target(true);
    const progress = createProgress(terminal);
    progress.report(started("a"));
    for (let step = 0; step < 50; step += 1) progress.report(encoding("a", step / 50));
    expect(terminal.written).toHaveLength(0);
    vi.advanceTimersByTime(100);
    expect(terminal.written).toHaveLength(1);
    expect(terminal.written[0]).toContain("\u001B[?25l");
    progress.log("a line");
    expect(terminal.written[1]).toMatch(/^\u001B\[\?25l\u001B\[1A\r\u001B\[Ja line\na\.mp4/);
    progress.close();
    progress.close();
    expect(terminal.written[2]).toBe("\u001B[?25h\u001B[1A\r\u001B[J");
    expect(terminal.written).toHaveLength(3);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("writes one plain line per stage where there is no terminal", () => {
    const pipe = target(false);
    const progress = createProgress(pipe);
    progress.report(started("a"));
    progress.report({ kind: "stage-started", jobId: "a", stage: "encode" });
    progress.report(encoding("a", 0.3));
    progress.log("done");
    progress.close();
    expect(pipe.written).toEqual(["a.mp4: encode\n", "done\n"]);
  });
});
