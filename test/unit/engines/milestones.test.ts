import { describe, expect, test } from "vitest";
import { milestones } from "../../../src/engines/ffmpeg/milestones.ts";
import { settled } from "../../helpers/outcome.ts";

describe("milestones", () => {
  test("are reached when all walkers have been there", async () => {
    const seen: string[] = [];
    const points = milestones(2, new AbortController().signal, 2);
    const waiting = points.reached(0).then(() => seen.push("reached"));
    points.reach(0);
    await Promise.resolve();
    seen.push("one was there");
    points.reach(0);
    await waiting;
    expect(seen).toStrictEqual(["one was there", "reached"]);
  });

  test("before the first are behind everyone already", async () => {
    await expect(points().reached(-3)).resolves.toBeUndefined();
  });

  test("are given up with the signal's reason, whether somebody waits yet or not", async () => {
    const cancel = new AbortController();
    const reason = new Error("stop");
    const open = milestones(1, cancel.signal);
    const waiting = settled(open.reached(0));
    cancel.abort(reason);
    await expect(waiting).resolves.toStrictEqual({ error: reason });
    await expect(settled(milestones(1, cancel.signal).reached(0))).resolves.toStrictEqual({ error: reason });
  });
});

const points = () => milestones(1, new AbortController().signal);
