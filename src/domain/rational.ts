/** An exact fraction, always in lowest terms with a positive denominator. Frame rates and aspect ratios are never floats. */
export interface Rational {
  readonly num: number;
  readonly den: number;
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/** The fraction num/den in lowest terms. Throws RangeError unless both are safe integers and den is not 0. */
export function rational(num: number, den = 1): Rational {
  if (!Number.isSafeInteger(num) || !Number.isSafeInteger(den) || den === 0) {
    throw new RangeError(`not a fraction of safe integers: ${num}/${den}`);
  }
  const divisor = (gcd(Math.abs(num), Math.abs(den)) || 1) * Math.sign(den);
  return { num: num / divisor || 0, den: den / divisor };
}

/** Reads "30000/1001", "16:9" or "25"; undefined for anything else, for a zero denominator and for numbers too large. */
export function parseRational(text: string | undefined): Rational | undefined {
  const match = /^(-?\d+)(?:[/:](\d+))?$/.exec(text ?? "");
  const num = Number(match?.[1] ?? Number.NaN);
  const den = Number(match?.[2] ?? 1);
  return Number.isSafeInteger(num) && Number.isSafeInteger(den) && den !== 0 ? rational(num, den) : undefined;
}

/** The fraction as a floating-point number. */
export const toNumber = (value: Rational): number => value.num / value.den;

/** "30000/1001", or "25" when the denominator is 1 (the form of ISO 23009-1 @frameRate). */
export const formatRational = ({ num, den }: Rational): string => (den === 1 ? `${num}` : `${num}/${den}`);

/** The exact product. Throws RangeError when it does not fit into safe integers. */
export const multiply = (a: Rational, b: Rational): Rational => {
  const left = rational(a.num, b.den);
  const right = rational(b.num, a.den);
  return rational(left.num * right.num, left.den * right.den);
};

/** The fraction with a denominator of at most maxDen that is closest to value (Stern-Brocot, by continued fractions). */
export function approximate(value: number, maxDen: number): Rational {
  let [previousNum, previousDen, num, den] = [1, 0, Math.floor(value), 1];
  let rest = value - num;
  while (rest > 1e-9) {
    const inverse = 1 / rest;
    const whole = Math.floor(inverse);
    const nextDen = whole * den + previousDen;
    if (nextDen > maxDen) break;
    [previousNum, previousDen, num, den] = [num, den, whole * num + previousNum, nextDen];
    rest = inverse - whole;
  }
  return rational(num, den);
}
