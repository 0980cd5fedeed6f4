/** What the tests of the tensor layer share: reproducible numbers and the ULP of f32. */

/** [n] numbers in ±`size`, spread evenly, exact in f32: a linear congruential generator (Numerical Recipes). */
export function numbers(n: number, seed = 1, size = 1): Float32Array<ArrayBuffer> {
  let state = seed >>> 0;
  return Float32Array.from({ length: n }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * size;
  });
}

/** Unit in the last place of f32 at `value`; 2^-149 for subnormal ones. */
export function ulp32(value: number): number {
  const exponent = Math.floor(Math.log2(Math.max(Math.abs(value), 2 ** -126)));
  return 2 ** (exponent - 23);
}

/** |actual − expected| in f32 ULP of the expected value; 0 for equal infinities and for two NaNs. */
export function ulpError(actual: number, expected: number): number {
  if (Object.is(actual, expected) || actual === expected) return 0;
  if (Number.isNaN(actual) && Number.isNaN(expected)) return 0;
  return Math.abs(actual - expected) / ulp32(expected);
}

/** Zeros, least normal numbers, edges of exp and tanh, huge ones, powers of two with both neighbours; both signs. */
export function nastyNumbers(): number[] {
  const powers = Array.from({ length: 60 }, (_, i) => 2 ** (i - 40));
  const around = powers.flatMap((p) => [p - ulp32(p * 0.99), p, p + ulp32(p)]);
  const edges = [0, 2 ** -126, 1e-30, 0.35, 0.5, 7.9, 7.91, 9.1, 87, 87.5, 88.7, 104, 1e4, 1e30, 3.4e38];
  return [...edges, ...around].map(Math.fround).flatMap((v) => [v, -v]);
}
