import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RemoteState } from "../../../src/engines/remote-state.ts";
import { isFinal, mergeState } from "../../../src/engines/remote-state.ts";

const complete = (playlists: readonly string[] = []): RemoteState => ({
  kind: "complete",
  outputs: { playlists, renditions: [], warnings: [] },
});
const failed: RemoteState = { kind: "failed", failure: { code: "1010", message: "no", class: "source" } };
const canceled: RemoteState = { kind: "canceled" };
const progressing = (percent: number): RemoteState => ({ kind: "progressing", percent });
const submitted: RemoteState = { kind: "submitted" };

const anyUnfinished: fc.Arbitrary<RemoteState> = fc.oneof(
  fc.constant(submitted),
  fc.integer({ min: 0, max: 100 }).map((percent) => progressing(percent)),
);
const anyFinal = fc.constantFrom(complete(["a.m3u8"]), failed, canceled);

const after = (states: readonly RemoteState[]): RemoteState | undefined =>
  states.reduce<RemoteState | undefined>((current, next) => mergeState(current, next), undefined);

describe("mergeState", () => {
  test("ends in the one final state, whatever comes before, after or twice", () => {
    fc.assert(
      fc.property(fc.array(anyUnfinished), anyFinal, fc.array(anyUnfinished), (before, final, late) => {
        expect(after([...before, final, ...late, final])).toBe(final);
      }),
    );
  });

  test("comes to the same state from unfinished ones in any order", () => {
    fc.assert(
      fc.property(fc.array(anyUnfinished, { minLength: 1 }), (states) => {
        expect(after(states)).toStrictEqual(after(states.toReversed()));
      }),
    );
  });

  test("never tells less progress than before, and never waits again after it began", () => {
    expect(after([progressing(40), progressing(10), submitted])).toStrictEqual(progressing(40));
    expect(after([submitted, progressing(0)])).toStrictEqual(progressing(0));
  });

  test("keeps the first of two final states: a success after a cancel changes nothing", () => {
    fc.assert(
      fc.property(anyFinal, anyFinal, (first, second) => {
        expect(mergeState(first, second)).toBe(first);
      }),
    );
  });

  test("keeps the completion that tells more, whichever came first", () => {
    const poll = complete();
    const event = complete(["s3://b/index.m3u8"]);
    expect(after([poll, event])).toBe(event);
    expect(after([event, poll])).toBe(event);
  });

  test("knows which states end a job", () => {
    expect([complete(), failed, canceled].every((state) => isFinal(state))).toBe(true);
    expect([submitted, progressing(100)].some((state) => isFinal(state))).toBe(false);
  });
});
