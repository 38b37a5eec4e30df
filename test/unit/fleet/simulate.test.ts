import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Outcome, Run } from "../../../bench/fleet/simulate.ts";
import { simulate } from "../../../bench/fleet/simulate.ts";
import { aLoad, aPolicy, aRun, anEnvironment, drawExponential } from "../../helpers/fleet.ts";

const hours = ({ totals: { instanceSeconds } }: Outcome): number => (instanceSeconds["on-demand"] + instanceSeconds.spot) / 3600;

/** Fleets and loads of every kind, small enough to be many. */
const anyRun: fc.Arbitrary<Run> = fc
  .record({
    perHour: fc.integer({ min: 0, max: 400 }),
    meanSeconds: fc.integer({ min: 1, max: 900 }),
    drainHours: fc.constantFrom(0, 24),
    slotsPerInstance: fc.integer({ min: 1, max: 3 }),
    minimumInstances: fc.integer({ min: 0, max: 2 }),
    maximumInstances: fc.integer({ min: 2, max: 40 }),
    onDemandPercentAboveBase: fc.integer({ min: 0, max: 100 }),
    backlogPerInstance: fc.constantFrom(0.5, 1, 3),
    backlogCounts: fc.constantFrom("visible", "visible and in flight"),
    interruptionsPerInstanceHour: fc.constantFrom(0, 0.1, 2),
    withoutNoticeShare: fc.constantFrom(0, 0.5),
    resumes: fc.boolean(),
    isDrought: fc.boolean(),
    seed: fc.nat(),
  })
  .map(({ perHour, meanSeconds, drainHours, seed, interruptionsPerInstanceHour, withoutNoticeShare, resumes, isDrought, ...policy }) => ({
    load: aLoad(perHour, 4),
    drawWork: drawExponential(meanSeconds),
    policy: aPolicy(policy),
    environment: anEnvironment({
      interruptionsPerInstanceHour,
      withoutNoticeShare,
      resumes,
      ...(isDrought ? { drought: { fromHour: 2, hours: 1 } } : {}),
    }),
    seed,
    drainHours,
  }));

describe("any fleet under any load", () => {
  it("loses no upload and makes none: what arrived is published, waits or is being worked at", () => {
    fc.assert(
      fc.property(anyRun, (run) => {
        const { totals, waiting, inFlight, samples } = simulate(run);
        expect(totals.arrivals).toBe(totals.finished + waiting + inFlight);
        expect(samples.every((sample) => Object.values(sample).every((value) => value >= 0))).toBe(true);
        expect(samples.reduce((sum, { arrivals }) => sum + arrivals, 0)).toBeLessThanOrEqual(totals.arrivals);
      }),
      { numRuns: 60 },
    );
  });

  it("costs its instances' seconds at their price, and no slot works without one", () => {
    fc.assert(
      fc.property(anyRun, (run) => {
        const { totals, costUsd, samples } = simulate(run);
        expect(costUsd * 3600).toBeCloseTo(totals.instanceSeconds["on-demand"] * 1 + totals.instanceSeconds.spot * 0.4, 3);
        expect(totals.busySeconds).toBeLessThanOrEqual(
          (totals.instanceSeconds["on-demand"] + totals.instanceSeconds.spot) * run.policy.slotsPerInstance + 1e-6,
        );
        expect(totals.wastedSeconds).toBeLessThanOrEqual(totals.busySeconds);
        expect(samples.every(({ running, instances }) => running <= instances * run.policy.slotsPerInstance)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it("obeys Little's law once it is empty: jobs in the system over time are uploads times their time in it", () => {
    fc.assert(
      fc.property(anyRun, (run) => {
        const { totals, publish, waiting, inFlight } = simulate({ ...run, drainHours: 400 });
        fc.pre(waiting + inFlight === 0);
        expect(totals.jobSeconds).toBeCloseTo(publish.mean * totals.finished, 2);
      }),
      { numRuns: 60 },
    );
  });

  it("does the same for the same seed", () => {
    fc.assert(
      fc.property(anyRun, (run) => {
        expect(simulate(run)).toEqual(simulate(run));
      }),
      { numRuns: 20 },
    );
  });
});

describe("a fleet", () => {
  it("has no instance and no cost without a load", () => {
    const { totals, costUsd } = simulate(aRun({ load: aLoad(0, 24) }));
    expect([totals.arrivals, totals.mostInstances, costUsd]).toEqual([0, 0, 0]);
  });

  it("is gone again after its last job", () => {
    const { samples, totals } = simulate(aRun());
    expect(samples.at(-1)).toMatchObject({ instances: 0, running: 0, waiting: 0 });
    expect(totals.mostInstances).toBeGreaterThan(0);
  });

  it("sees the same uploads whatever its policy is", () => {
    const [small, large] = [5, 40].map((maximumInstances) => simulate(aRun({ policy: aPolicy({ maximumInstances }) })));
    expect(small?.totals.arrivals).toBe(large?.totals.arrivals);
    expect(small?.totals.videoSeconds).toBeCloseTo(large?.totals.videoSeconds ?? Number.NaN, 3);
  });

  it("takes up to a quarter of an hour to notice the first upload after six hours without a use of the queue", () => {
    const firstStart = (silentHours: number, seed: number, isKeptAwake: boolean): number => {
      const load = { hours: silentHours + 1, highestPerHour: 60, perHour: (at: number) => (at < silentHours * 3600 ? 0 : 60) };
      return (
        simulate(aRun({ load, seed, environment: anEnvironment({ isKeptAwake }) })).samples.find(({ instances }) => instances > 0)
          ?.minute ?? Number.NaN
      );
    };
    const longest = (silentHours: number, isKeptAwake = false): number =>
      Math.max(...[1, 2, 3, 4, 5, 6].map((seed) => firstStart(silentHours, seed, isKeptAwake) - silentHours * 60));
    expect(longest(5)).toBeLessThanOrEqual(6);
    expect(longest(7)).toBeGreaterThan(8);
    expect(longest(7)).toBeLessThanOrEqual(21);
    expect(longest(7, true)).toBeLessThanOrEqual(6);
  });

  it("keeps the On-Demand share, rounded up, when Spot has nothing to give", () => {
    const policy = aPolicy({ minimumInstances: 10, maximumInstances: 10, onDemandPercentAboveBase: 25 });
    const environment = anEnvironment({ drought: { fromHour: 1, hours: 2 } });
    const { samples } = simulate(aRun({ policy, environment, load: aLoad(100, 5) }));
    const instancesAt = (minute: number): number | undefined => samples.find((sample) => sample.minute === minute)?.instances;
    expect([59, 120, 200].map(instancesAt)).toEqual([10, 3, 10]);
  });
});

describe("interruptions", () => {
  const wasted = (interruptionsPerInstanceHour: number, resumes: boolean): number =>
    [1, 2, 3, 4].reduce((sum, seed) => {
      const environment = anEnvironment({ interruptionsPerInstanceHour, resumes });
      const { totals } = simulate(aRun({ environment, seed, drawWork: drawExponential(600), load: aLoad(60, 12) }));
      return sum + totals.wastedSeconds / totals.busySeconds / 4;
    }, 0);

  it("waste more the more there are", () => {
    const shares = [0, 0.05, 0.5, 3].map((rate) => wasted(rate, true));
    expect(shares).toEqual(shares.toSorted((one, other) => one - other));
    expect(shares[0]).toBe(0);
    expect(shares[3]).toBeGreaterThan(0);
  });

  it("waste less of an encode that goes on where it was", () => {
    expect(wasted(1, true)).toBeLessThan(wasted(1, false) / 2);
  });

  it("cost the age of the message, not the upload", () => {
    const environment = anEnvironment({ interruptionsPerInstanceHour: 3, withoutNoticeShare: 1 });
    const [calm, rough] = [anEnvironment(), environment].map((of) => simulate(aRun({ environment: of, drawWork: drawExponential(300) })));
    expect(rough?.totals.finished).toBe(calm?.totals.finished);
    expect(rough?.publish.p99).toBeGreaterThan(calm?.publish.p99 ?? Number.NaN);
    expect(hours(rough ?? simulate(aRun()))).toBeGreaterThan(0);
  });
});

describe("a fleet of fixed size", () => {
  it("waits as Erlang's C formula says", () => {
    const [servers, meanSeconds, arrivalsPerSecond] = [4, 3.2, 1];
    const { wait, totals } = simulate(
      aRun({
        policy: aPolicy({ minimumInstances: servers, maximumInstances: servers, onDemandPercentAboveBase: 100 }),
        environment: anEnvironment({ bootSeconds: 0 }),
        load: aLoad(3600 * arrivalsPerSecond, 80),
        drawWork: drawExponential(meanSeconds),
      }),
    );
    const expected = erlangC(servers, meanSeconds * arrivalsPerSecond) / (servers / meanSeconds - arrivalsPerSecond);
    expect(totals.finished).toBeGreaterThan(280_000);
    expect(Math.abs(wait.mean - expected) / expected).toBeLessThan(0.05);
  });
});

/** The share of arrivals that wait, for so many servers and so many erlangs of load. */
function erlangC(servers: number, erlangs: number): number {
  let blocked = 1;
  for (let server = 1; server <= servers; server += 1) blocked = (erlangs * blocked) / (server + erlangs * blocked);
  const utilisation = erlangs / servers;
  return blocked / (1 - utilisation * (1 - blocked));
}
