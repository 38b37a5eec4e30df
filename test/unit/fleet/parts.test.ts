import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { createAgenda } from "../../../bench/fleet/agenda.ts";
import { logNormal, weightedChoice } from "../../../bench/fleet/chance.ts";
import { createHistogram } from "../../../bench/fleet/histogram.ts";
import { createFifo } from "../../../bench/fleet/queue.ts";
import { createRandom } from "../../simulation/random.ts";

const seconds = fc.double({ min: 0, max: 1e6, noNaN: true });

describe("the agenda", () => {
  it("does everything in the order of its time, and of its entry where times are equal", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 }), (times) => {
        const agenda = createAgenda();
        const done: { at: number; order: number }[] = [];
        for (const [order, at] of times.entries()) agenda.at(at, () => done.push({ at: agenda.now(), order }));
        while (agenda.step(Number.POSITIVE_INFINITY));
        const expected = times.map((at, order) => ({ at, order })).toSorted((one, other) => one.at - other.at || one.order - other.order);
        expect(done).toEqual(expected);
      }),
    );
  });

  it("leaves what comes after the limit, and enters nothing in the past", () => {
    const agenda = createAgenda();
    agenda.at(5, () => expect(() => agenda.at(4, () => undefined)).toThrow("second 4 has passed"));
    agenda.at(11, () => undefined);
    expect([agenda.step(10), agenda.step(10), agenda.now()]).toEqual([true, false, 5]);
  });
});

describe("the histogram", () => {
  it("is within 2 % of the exact quantile, or a tenth of a second", () => {
    fc.assert(
      fc.property(fc.array(seconds, { minLength: 1, maxLength: 200 }), fc.constantFrom(0.5, 0.9, 0.99), (values, share) => {
        const histogram = createHistogram();
        for (const value of values) histogram.add(value);
        const exact = values.toSorted((one, other) => one - other)[Math.ceil(share * values.length) - 1] ?? Number.NaN;
        expect(Math.abs(histogram.quantile(share) - exact)).toBeLessThanOrEqual(Math.max(0.1, 0.02 * exact));
      }),
    );
  });

  it("says 0 of nothing", () => {
    const histogram = createHistogram();
    expect([histogram.quantile(0.99), histogram.mean(), histogram.count()]).toEqual([0, 0, 0]);
  });
});

describe("the queue", () => {
  it("gives back what went in, in its order, also past what it lets go of", () => {
    const queue = createFifo<number>();
    const taken: (number | undefined)[] = [];
    for (let item = 0; item < 5000; item += 1) {
      queue.push(item);
      if (item % 3 > 0) taken.push(queue.shift());
    }
    const left = queue.length();
    while (queue.length() > 0) taken.push(queue.shift());
    expect([left, queue.first(), queue.shift()]).toEqual([1667, undefined, undefined]);
    expect(taken).toEqual(Array.from({ length: 5000 }, (_, item) => item));
  });
});

describe("chance", () => {
  it("draws log-normal lengths with the median and the mean that were asked for", () => {
    const random = createRandom(7);
    const drawn = Array.from({ length: 50_000 }, () => logNormal(random, { median: 35, mean: 60 })).toSorted((one, other) => one - other);
    expect(drawn[25_000]).toBeCloseTo(35, -0.5);
    expect(drawn.reduce((sum, value) => sum + value, 0) / drawn.length).toBeCloseTo(60, -0.6);
  });

  it("draws by weight", () => {
    const random = createRandom(7);
    const choose = weightedChoice(
      new Map([
        ["often", 3],
        ["seldom", 1],
        ["never", 0],
      ]),
    );
    const drawn = Array.from({ length: 20_000 }, () => choose(random));
    const shareOf = (wanted: string): number => drawn.filter((one) => one === wanted).length / drawn.length;
    expect(shareOf("often")).toBeCloseTo(0.75, 1);
    expect(shareOf("seldom")).toBeCloseTo(0.25, 1);
    expect(shareOf("never")).toBe(0);
  });
});
