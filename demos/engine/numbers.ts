/** Reproducible numbers, and the measures by which results of the device differ from the truth. */
import type { Unit } from "./protocol.js";

/** [n] numbers in ±size, exact in float32: a linear congruential generator (Numerical Recipes). */
export function spread(n: number, seed: number, size = 1): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: n }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * size;
  });
}

/** [n] numbers of both signs and all magnitudes from 2^-range to 2^range. */
export function magnitudes(n: number, seed: number, range: number): Float32Array {
  const signs = spread(n, seed + 1);
  return spread(n, seed, range).map((exponent, i) => Math.sign(signs[i]!) * 2 ** exponent);
}

/** Below this WGSL lets a device flush results to 0. */
const SUBNORMAL = 2 ** -125;

/** Unit in the last place of float32 at `value`. */
export function ulp(value: number): number {
  return 2 ** (Math.floor(Math.log2(Math.max(Math.abs(value), 2 ** -126))) - 23);
}

/** The largest |actual − expected| in units of the last place; NaN if any actual is no number. */
export function worstUlp(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  return worst(actual, expected, (a, b) => {
    if (Math.abs(b) < SUBNORMAL && Math.abs(a - b) <= SUBNORMAL) return 0;
    return Math.abs(a - b) / ulp(b);
  });
}

/** The largest |actual − expected| over the largest |expected|, or over `size`. */
export function worstRelative(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  size = Array.from(expected).reduce((most, value) => Math.max(most, Math.abs(value)), 0),
): number {
  return worst(actual, expected, (a, b) => Math.abs(a - b)) / Math.max(size, Number.MIN_VALUE);
}

/** How many entries differ at all. */
export function countDiffering(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let count = Math.abs(actual.length - expected.length);
  for (let i = 0; i < expected.length; i++) if (actual[i] !== expected[i]) count++;
  return count;
}

function worst(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  distance: (a: number, b: number) => number,
): number {
  let most = actual.length === expected.length ? 0 : Number.NaN;
  for (let i = 0; i < expected.length; i++) {
    const one = actual[i] === expected[i] ? 0 : distance(actual[i]!, expected[i]!);
    // Math.max keeps NaN.
    most = Math.max(most, one);
  }
  return most;
}

/** What a check found. */
export interface Finding {
  readonly error: number;
  readonly compared: number;
}

/** Of several findings of one check: the worst error, all numbers. */
export function together(...findings: readonly Finding[]): Finding {
  return {
    error: Math.max(...findings.map(({ error }) => error)),
    compared: findings.reduce((sum, { compared }) => sum + compared, 0),
  };
}

const MEASURES: Record<Unit, (actual: ArrayLike<number>, expected: ArrayLike<number>) => number> = {
  ULP: worstUlp,
  relative: worstRelative,
  differing: countDiffering,
};

export function compare(unit: Unit, actual: ArrayLike<number>, expected: ArrayLike<number>): Finding {
  return { error: MEASURES[unit](actual, expected), compared: expected.length };
}
