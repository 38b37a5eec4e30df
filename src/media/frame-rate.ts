import type { Rational } from "../domain/rational.ts";
import { approximate, rational, toNumber } from "../domain/rational.ts";
import type { PacketStats } from "./packet-stats.ts";

const STANDARD_RATES: readonly Rational[] = [
  ...[10, 12, 15, 20, 24, 25, 30, 48, 50, 60, 100, 120].map((rate) => rational(rate)),
  ...[15_000, 24_000, 30_000, 48_000, 60_000, 120_000].map((rate) => rational(rate, 1001)),
];
const SAME_RATE = 0.005;
const SAME_STANDARD = 0.0001;
const VARIABLE_BELOW = 0.97;
const FALLBACK_RATE = rational(25);

export interface MeasuredRate {
  readonly frameRate: Rational;
  readonly isVariable: boolean;
}

/**
 * The rate the packets show. Declared rates are believed only where they agree with the measurement: 57600/1 and 1000/1
 * have been met. A variable rate becomes the average one, on a coarse grid so that audio can be cut at the same times.
 */
export function measureFrameRate(stats: PacketStats, declared: readonly (Rational | undefined)[]): MeasuredRate {
  if (stats.count < 2 || stats.medianStepSeconds <= 0) return { frameRate: declared.find(isPlausible) ?? FALLBACK_RATE, isVariable: false };
  const isVariable = stats.steadyShare < VARIABLE_BELOW;
  if (!isVariable) {
    const steady = unbroken(stats) ?? 1 / stats.steadyStepSeconds;
    const agreed = closest(declared, steady);
    return { frameRate: standardised(agreed ?? snap(steady, SAME_RATE) ?? approximate(steady, 1001)), isVariable };
  }
  const average = stats.count / (stats.endSeconds - stats.firstSeconds);
  return { frameRate: snap(average, 0.01) ?? rational(Math.max(5, Math.round(average * 5)), 5), isVariable };
}

/** The average over a stream without gaps, more exact than the mean of rounded steps. */
function unbroken({ count, firstSeconds, lastStartSeconds, medianStepSeconds, largestStepSeconds }: PacketStats): number | undefined {
  return largestStepSeconds < medianStepSeconds * 1.5 ? (count - 1) / (lastStartSeconds - firstSeconds) : undefined;
}

const near = (a: number, b: number, share: number): boolean => Math.abs(a - b) <= b * share;

const isPlausible = (rate: Rational | undefined): boolean => rate !== undefined && toNumber(rate) >= 1 && toNumber(rate) <= 120;

const snap = (rate: number, share: number): Rational | undefined => closest(STANDARD_RATES, rate, share);

/** 24 and 23.976 are both near 23.98: the nearest counts, not the first. */
function closest(rates: readonly (Rational | undefined)[], rate: number, share = SAME_RATE): Rational | undefined {
  const distance = (candidate: Rational): number => Math.abs(toNumber(candidate) - rate);
  const [found] = rates.filter((candidate) => candidate !== undefined).toSorted((a, b) => distance(a) - distance(b));
  return found && near(toNumber(found), rate, share) ? found : undefined;
}

const standardised = (rate: Rational): Rational => snap(toNumber(rate), SAME_STANDARD) ?? rate;
