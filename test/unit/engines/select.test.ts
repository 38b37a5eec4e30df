import { describe, expect, test } from "vitest";
import type { EngineName } from "../../../src/domain/job.ts";
import type { Candidate } from "../../../src/engines/select.ts";
import { isWorthWaiting, selectEngine } from "../../../src/engines/select.ts";

const healthy = (name: EngineName): Candidate => ({ name, admission: { kind: "closed" }, unsupported: [] });
const open = (name: EngineName): Candidate => ({ ...healthy(name), admission: { kind: "refused", reason: "its circuit is open" } });
const unable = (name: EngineName): Candidate => ({ ...healthy(name), unsupported: [{ kind: "hdr", reason: "no HDR here" }] });
const none: { readonly tried: ReadonlySet<EngineName> } = { tried: new Set() };

describe("selectEngine", () => {
  test("takes the first of the order, whatever the order is", () => {
    expect(selectEngine([healthy("ffmpeg"), healthy("mediaconvert")], none)).toStrictEqual({
      engine: "ffmpeg",
      reason: "it is the first of the order",
      passedOver: [],
    });
  });

  test("goes on to the next that is healthy and can do the plan, and says why not those before", () => {
    const choice = selectEngine([open("elastic-transcoder"), unable("mediaconvert"), healthy("ffmpeg")], none);
    expect(choice.engine).toBe("ffmpeg");
    expect(choice.passedOver).toStrictEqual([
      { engine: "elastic-transcoder", kind: "circuit", reason: "its circuit is open" },
      { engine: "mediaconvert", kind: "unsupported", reason: "no HDR here" },
    ]);
  });

  test("takes only the engine that the job names", () => {
    const order = [healthy("ffmpeg"), healthy("mediaconvert")];
    expect(selectEngine(order, { ...none, wanted: "mediaconvert" })).toMatchObject({ engine: "mediaconvert", reason: "the job names it" });
    expect(selectEngine([healthy("ffmpeg")], { ...none, wanted: "mediaconvert" })).not.toHaveProperty("engine");
  });

  test("does not try an engine again that failed the job", () => {
    const choice = selectEngine([healthy("mediaconvert"), healthy("ffmpeg")], { tried: new Set<EngineName>(["mediaconvert"]) });
    expect(choice).toMatchObject({ engine: "ffmpeg", passedOver: [{ engine: "mediaconvert", kind: "tried" }] });
  });

  test("says that the job is the probe of an engine", () => {
    const probe: Candidate = { ...healthy("mediaconvert"), admission: { kind: "probe" } };
    expect(selectEngine([probe], none).isProbe).toBe(true);
    expect(selectEngine([{ ...unable("mediaconvert"), admission: { kind: "probe" } }, healthy("ffmpeg")], none)).not.toHaveProperty(
      "isProbe",
    );
  });

  test("tells waiting from giving up when no engine is left", () => {
    expect(isWorthWaiting(selectEngine([open("mediaconvert"), unable("elastic-transcoder")], none))).toBe(true);
    expect(isWorthWaiting(selectEngine([unable("mediaconvert")], none))).toBe(false);
  });
});
