/** Numbers in [−1, 1] · scale from a seed (a linear congruential generator): inputs of tests, not statistics. */
export function numbers(seed: number): (count: number, scale?: number) => Float64Array {
  let state = seed >>> 0;
  return (count, scale = 1) =>
    Float64Array.from({ length: count }, () => {
      // Multiplier and increment: Numerical Recipes, "quick and dirty" generator.
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return scale * (state / 2 ** 31 - 1);
    });
}
