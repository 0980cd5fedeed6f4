/** Measures of disagreement, all plain numbers, so that a failing test prints how far off it was. */

/** max |a − b| / max |b|: the error relative to the largest entry of the expected tensor. NaN if any is. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) {
    throw new Error(`lengths differ: ${actual.length} against ${expected.length}`);
  }
  let worst = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!));
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return worst === 0 ? 0 : worst / Math.max(largest, Number.MIN_VALUE);
}

/** ‖a − b‖₂ / ‖b‖₂. */
export function relativeL2(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) {
    throw new Error(`lengths differ: ${actual.length} against ${expected.length}`);
  }
  let difference = 0;
  let size = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i]! - expected[i]!) ** 2;
    size += expected[i]! ** 2;
  }
  return difference === 0 ? 0 : Math.sqrt(difference / Math.max(size, Number.MIN_VALUE));
}

/** log |det M| of a square matrix given by rows, by elimination with row pivoting. */
export function logAbsDet(rows: readonly (readonly number[])[]): number {
  const m = rows.map((row) => [...row]);
  let sum = 0;
  for (let c = 0; c < m.length; c++) {
    let pivot = c;
    for (let r = c + 1; r < m.length; r++) if (Math.abs(m[r]![c]!) > Math.abs(m[pivot]![c]!)) pivot = r;
    [m[c], m[pivot]] = [m[pivot]!, m[c]!];
    sum += Math.log(Math.abs(m[c]![c]!));
    for (let r = c + 1; r < m.length; r++) {
      const factor = m[r]![c]! / m[c]![c]!;
      for (let k = c; k < m.length; k++) m[r]![k]! -= factor * m[c]![k]!;
    }
  }
  return sum;
}

/** Slope and intercept of the least-squares line through the points. */
export function regression(x: readonly number[], y: readonly number[]): { slope: number; intercept: number } {
  const n = x.length;
  const mx = x.reduce((s, v) => s + v, 0) / n;
  const my = y.reduce((s, v) => s + v, 0) / n;
  const cov = x.reduce((s, v, i) => s + (v - mx) * (y[i]! - my), 0);
  const slope = cov / x.reduce((s, v) => s + (v - mx) ** 2, 0);
  return { slope, intercept: my - slope * mx };
}
