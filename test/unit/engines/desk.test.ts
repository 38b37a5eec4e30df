import { describe, expect, test } from "vitest";
import type { EngineName } from "../../../src/domain/job.ts";
import { createEngineDesk } from "../../../src/engines/desk.ts";
import type { Unsupported } from "../../../src/engines/remote.ts";

const ORDER: readonly EngineName[] = ["elastic-transcoder", "mediaconvert", "ffmpeg"];
const none: { readonly tried: ReadonlySet<EngineName> } = { tried: new Set() };
const able = (): readonly Unsupported[] => [];

/** A desk with a clock that the test moves. */
function aDesk(order = ORDER) {
  const clock = { nowMs: 0 };
  const settings = { failures: 2, openSeconds: 60, maximumOpenSeconds: 600 };
  const desk = createEngineDesk({ order, settings, nowMs: () => clock.nowMs });
  return { clock, desk, choose: (unsupported: (engine: EngineName) => readonly Unsupported[] = able) => desk.choose(unsupported, none) };
}

describe("the engine desk", () => {
  test("keeps a circuit for each managed engine of the order, and none for ffmpeg", () => {
    const { desk, choose } = aDesk();
    for (let failures = 0; failures < 9; failures += 1) desk.failed("ffmpeg", "service");
    expect(desk.circuits()).toStrictEqual(
      new Map([
        ["elastic-transcoder", "closed"],
        ["mediaconvert", "closed"],
      ]),
    );
    for (const engine of ["elastic-transcoder", "mediaconvert"] as const) desk.failed(engine, "role");
    expect(choose().engine).toBe("ffmpeg");
  });

  test("records why each engine before the chosen one was passed over, with the time that its circuit stays open", () => {
    const { desk, clock, choose } = aDesk();
    desk.failed("elastic-transcoder", "role");
    clock.nowMs = 20_000;
    const noHdr: readonly Unsupported[] = [{ kind: "hdr", reason: "no HDR here" }];
    expect(choose((engine) => (engine === "mediaconvert" ? noHdr : []))).toStrictEqual({
      engine: "ffmpeg",
      reason: "it is the first of the order that can do this job now",
      passedOver: [
        { engine: "elastic-transcoder", kind: "circuit", reason: "its circuit is open for 40 s more: a role or policy refuses us" },
        { engine: "mediaconvert", kind: "unsupported", reason: "no HDR here" },
      ],
    });
  });

  test("sends one job to an engine whose time is over, the others elsewhere until it has answered", () => {
    const { desk, clock, choose } = aDesk();
    desk.failed("elastic-transcoder", "quota");
    clock.nowMs = 60_000;
    expect(choose()).toMatchObject({ engine: "elastic-transcoder", isProbe: true });
    expect(desk.circuits().get("elastic-transcoder")).toBe("half-open");
    expect(choose()).toMatchObject({ engine: "mediaconvert", passedOver: [{ kind: "circuit" }] });
    desk.took("elastic-transcoder");
    expect(choose()).toStrictEqual({ engine: "elastic-transcoder", reason: "it is the first of the order", passedOver: [] });
  });

  test("does not send jobs by the dozen to an engine that takes them all and does none", () => {
    const { desk, clock, choose } = aDesk(["mediaconvert", "ffmpeg"]);
    const submit = (): void => {
      expect(choose().engine).toBe("mediaconvert");
      desk.took("mediaconvert");
    };
    for (let jobs = 0; jobs < 2; jobs += 1) {
      submit();
      desk.failed("mediaconvert", "service", "job");
    }
    expect(choose().engine).toBe("ffmpeg");
    clock.nowMs = 60_000;
    submit();
    expect(choose().engine).toBe("ffmpeg");
    desk.finished("mediaconvert");
    expect(choose()).toStrictEqual({ engine: "mediaconvert", reason: "it is the first of the order", passedOver: [] });
  });

  test("leaves an engine alone for twice as long when its probe failed", () => {
    const { desk, clock, choose } = aDesk(["mediaconvert", "ffmpeg"]);
    desk.failed("mediaconvert", "quota");
    clock.nowMs = 60_000;
    choose();
    desk.failed("mediaconvert", "service");
    clock.nowMs = 179_000;
    expect(choose().engine).toBe("ffmpeg");
    clock.nowMs = 180_000;
    expect(choose()).toMatchObject({ engine: "mediaconvert", isProbe: true });
  });

  test("does not use up the probe of an engine for a job that goes to another", () => {
    const { desk, clock, choose } = aDesk();
    desk.failed("mediaconvert", "quota");
    clock.nowMs = 60_000;
    expect(choose().engine).toBe("elastic-transcoder");
    expect(desk.circuits().get("mediaconvert")).toBe("open");
  });
});
