import { describe, expect, test } from "vitest";
import { runUnit, succeeded } from "../../../src/process/run-unit.ts";
import { processMark, processesWith } from "../../helpers/process-list.ts";

const { signal } = new AbortController();
const sh = (script: string, mark = "") => ({ command: "sh", args: ["-c", `${script}; :`, mark] });

describe("runUnit", () => {
  test("waits for all of a unit that succeeds", async () => {
    const results = await runUnit([sh("exit 0"), sh("sleep 0.3")], signal);
    expect(results.every(succeeded)).toBe(true);
  });

  test("takes the others down with one that fails", async () => {
    const mark = processMark();
    const started = performance.now();
    const results = await runUnit([sh("exit 3"), sh("sleep 60", mark)], signal);
    expect(performance.now() - started).toBeLessThan(5000);
    expect(results).toMatchObject([
      { exitCode: 3, ended: "exit" },
      { ended: "cancelled", signal: "SIGTERM" },
    ]);
    await expect(processesWith(mark)).resolves.toStrictEqual([]);
  });

  test("takes the others down with one that cannot be started, and rejects", async () => {
    const mark = processMark();
    await expect(runUnit([{ command: "/nonexistent", args: [] }, sh("sleep 60", mark)], signal)).rejects.toMatchObject({ code: "ENOENT" });
    await expect(processesWith(mark)).resolves.toStrictEqual([]);
  });

  test("ends all of them when the job is cancelled", async () => {
    const cancel = new AbortController();
    const running = runUnit([sh("sleep 60"), sh("sleep 60")], cancel.signal);
    setTimeout(() => cancel.abort(), 200);
    expect((await running).map(({ ended }) => ended)).toStrictEqual(["cancelled", "cancelled"]);
  });
});
