import { describe, expect, test } from "vitest";
import type { Circuit } from "../../../src/engines/circuit.ts";
import { CLOSED, admit, failed, finished, took } from "../../../src/engines/circuit.ts";
import type { FailureClass } from "../../../src/engines/failure-class.ts";

const settings = { failures: 3, openSeconds: 60, maximumOpenSeconds: 200 };
const fail = (circuit: Circuit, cause: FailureClass, nowMs = 0): Circuit => failed(circuit, { cause, by: "answer" }, { settings, nowMs });
const failJob = (circuit: Circuit, cause: FailureClass, nowMs = 0): Circuit => failed(circuit, { cause, by: "job" }, { settings, nowMs });
const take = (circuit: Circuit, nowMs = 0): Circuit => took(circuit, settings, nowMs);
const probing = (circuit: Circuit, nowMs: number): Circuit => admit(circuit, settings, nowMs).circuit;

describe("a circuit", () => {
  test.each(["service", "retry"] as const)("opens after so many failures of class %s in a row, not before", (cause) => {
    const twice = fail(fail(CLOSED, cause), cause);
    expect(admit(twice, settings, 0).admission).toStrictEqual({ kind: "closed" });
    expect(fail(twice, cause)).toMatchObject({ kind: "open", cause, untilMs: 60_000 });
  });

  test.each(["role", "quota"] as const)("opens at the first failure of class %s: the next job would meet it as well", (cause) => {
    expect(fail(CLOSED, cause)).toMatchObject({ kind: "open", cause });
  });

  test("counts failures in a row only", () => {
    expect(fail(take(fail(fail(CLOSED, "service"), "service")), "service")).toMatchObject({ kind: "closed", refusals: 1 });
    expect(failJob(finished(failJob(failJob(CLOSED, "retry"), "retry")), "retry")).toMatchObject({ kind: "closed", badJobs: 1 });
  });

  test("says nothing of an engine for a source that it cannot do, which is an answer", () => {
    expect(fail(fail(fail(CLOSED, "service"), "service"), "source")).toStrictEqual(CLOSED);
  });

  test("refuses with the cause and the time left while it is open", () => {
    const { admission } = admit(fail(CLOSED, "role"), settings, 15_000);
    expect(admission).toStrictEqual({ kind: "refused", reason: "its circuit is open for 45 s more: a role or policy refuses us" });
  });

  test("lets one job find out when its time is over, and no other meanwhile", () => {
    const open = fail(CLOSED, "quota");
    const { circuit, admission } = admit(open, settings, 60_000);
    expect(admission).toStrictEqual({ kind: "probe" });
    expect(admit(circuit, settings, 61_000).admission.kind).toBe("refused");
    expect(take(circuit)).toStrictEqual(CLOSED);
  });

  test("sends another probe when one is never heard of again", () => {
    const lost = probing(fail(CLOSED, "quota"), 60_000);
    expect(admit(lost, settings, 120_000).admission).toStrictEqual({ kind: "probe" });
  });

  test("stays open twice as long after each probe that failed, up to the configured most", () => {
    let circuit = fail(CLOSED, "service", 0);
    circuit = fail(fail(circuit, "service", 0), "service", 0);
    const openFor: number[] = [];
    for (let nowMs = 60_000; openFor.length < 3;) {
      circuit = fail(probing(circuit, nowMs), "service", nowMs);
      if (circuit.kind !== "open") break;
      openFor.push((circuit.untilMs - nowMs) / 1000);
      nowMs = circuit.untilMs;
    }
    expect(openFor).toStrictEqual([120, 200, 200]);
  });

  test("closes for a probe that met a source the engine cannot do", () => {
    expect(fail(probing(fail(CLOSED, "role"), 60_000), "source", 61_000)).toStrictEqual(CLOSED);
  });

  test("does not stay open longer for what was asked before it opened", () => {
    const open = fail(CLOSED, "role", 0);
    expect(fail(open, "service", 30_000)).toBe(open);
  });

  test.each(["service", "retry"] as const)("opens when jobs end with class %s in a row, although each of them was taken", (cause) => {
    const bad = (circuit: Circuit): Circuit => failJob(take(circuit), cause);
    const twice = bad(bad(CLOSED));
    expect(twice.kind).toBe("closed");
    expect(bad(twice)).toMatchObject({ kind: "open", cause });
  });

  test("that opened for what became of a job waits for what becomes of the next one: that it is taken proves nothing", () => {
    const probed = take(probing(failJob(CLOSED, "role"), 60_000), 61_000);
    expect(admit(probed, settings, 62_000).admission.kind).toBe("refused");
    expect(finished(probed)).toStrictEqual(CLOSED);
    expect(failJob(probed, "source")).toStrictEqual(CLOSED);
    expect(failJob(probed, "role", 70_000)).toMatchObject({ kind: "open", untilMs: 190_000 });
  });

  test("whose job is never heard of again makes room for another one", () => {
    const probed = take(probing(failJob(CLOSED, "role"), 60_000), 61_000);
    expect(admit(probed, settings, 181_000).admission.kind).toBe("probe");
  });

  test("that is open because a quota is used up stays so when a job of before is done", () => {
    const open = fail(CLOSED, "quota");
    expect(finished(open)).toBe(open);
    expect(failJob(open, "source")).toBe(open);
  });
});
