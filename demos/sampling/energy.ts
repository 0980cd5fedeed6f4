/**
 * How far apart two distributions are, seen through points of both: the energy distance
 *
 *   2 E|X − Y| − E|X − X′| − E|Y − Y′|,
 *
 * with X, X′ drawn from the one and Y, Y′ from the other, all independent, and |·| the distance in the plane. It is 0
 * only where both are the same (Székely and Rizzo, "Energy statistics: a class of statistics based on distances",
 * Journal of Statistical Planning and Inference 143, 2013).
 *
 * Expectations become means over all pairs of points, each point paired with itself included, as in that paper: this is
 * never below 0. Between two sets of n points of one and the same distribution it is 2 E|X − X′| / n on average.
 *
 * Sums over millions of pairs are generators, which yield now and then: who drives them can do something else meanwhile.
 */

/** Numbers of points in each set. */
export const SIZES: readonly number[] = [50, 100, 200, 500, 1000, 2000, 5000, 10_000];

/** Pairs between two yields: a fraction of a millisecond. */
const PAIRS = 1 << 16;

/** Of small sets there are many among the points: they are averaged over until this many pairs have been looked at. */
const ENOUGH = 4_000_000;

type Points = Float32Array;

/** Σ |p − points[j]| for j from first to end. */
function sumFrom(px: number, py: number, points: Points, first: number, end: number): number {
  let sum = 0;
  for (let j = first; j < end; j++) {
    const dx = px - points[2 * j]!;
    const dy = py - points[2 * j + 1]!;
    sum += Math.sqrt(dx * dx + dy * dy);
  }
  return sum;
}

/** Mean of |x − y| over all pairs of n points each, from `first` on. */
function* between(x: Points, y: Points, first: number, n: number): Generator<undefined, number> {
  let sum = 0;
  for (let i = first, pairs = 0; i < first + n; i++) {
    sum += sumFrom(x[2 * i]!, x[2 * i + 1]!, y, first, first + n);
    pairs += n;
    if (pairs > PAIRS) yield;
    pairs %= PAIRS;
  }
  return sum / n ** 2;
}

/** Mean of |x − x′| over all n² pairs of the points from `first` on. */
function* within(x: Points, first: number, n: number): Generator<undefined, number> {
  let sum = 0;
  for (let i = first, pairs = 0; i < first + n; i++) {
    sum += 2 * sumFrom(x[2 * i]!, x[2 * i + 1]!, x, i + 1, first + n);
    pairs += n;
    if (pairs > PAIRS) yield;
    pairs %= PAIRS;
  }
  return sum / n ** 2;
}

/** Disjoint sets of n among `rows` points that are averaged over. */
function setsOf(n: number, rows: number): number {
  return Math.min(Math.floor(rows / n), Math.ceil(ENOUGH / n ** 2));
}

/**
 * Mean distances between the points of each of the disjoint sets of y, for each size of set.
 * @param y [rows, 2] @param sizes none larger than rows
 */
export function* spreads(y: Points, sizes: readonly number[]): Generator<undefined, number[][]> {
  const found: number[][] = [];
  for (const n of sizes) {
    const means: number[] = [];
    for (let k = 0; k < setsOf(n, y.length / 2); k++) means.push(yield* within(y, k * n, n));
    found.push(means);
  }
  return found;
}

/**
 * Energy distance between sets of x and sets of y, for each size of set, averaged over disjoint sets of both.
 * @param x, y [rows, 2] each, y with at least as many
 * @param spreadsOfY what `spreads` says of the same y, for these sizes and perhaps larger ones
 */
export function* distances(
  x: Points,
  y: Points,
  spreadsOfY: readonly (readonly number[])[],
  sizes: readonly number[],
): Generator<undefined, number[]> {
  const found: number[] = [];
  for (const [i, n] of sizes.entries()) {
    const sets = setsOf(n, x.length / 2);
    let sum = 0;
    // The spread of the very same points of y: what chance does to it, it does to the distances to x as well.
    for (let k = 0; k < sets; k++) {
      sum += 2 * (yield* between(x, y, k * n, n)) - (yield* within(x, k * n, n)) - spreadsOfY[i]![k]!;
    }
    found.push(sum / sets);
  }
  return found;
}

/**
 * The energy distance between two sets of n points of one distribution, on average.
 * @param spread mean distance between the points of a set of `rows`, as `spreads` has it
 */
export function byChance(spread: number, rows: number, n: number): number {
  // The pairs of a point with itself are no pairs of two draws.
  return (2 / n) * spread * (rows / (rows - 1));
}

/** Points in each of the sets that the range of chance is found from. */
const FEW = 100;

/**
 * Between which multiples of its average the energy distance of two sets from one distribution lies nine times out of
 * ten. For all but the smallest sets they do not depend on the size: n times the distance has a limiting distribution.
 * @param x, y [rows, 2] of one distribution @param spread see byChance
 */
export function* chanceRange(
  x: Points,
  y: Points,
  spread: number,
): Generator<undefined, readonly [low: number, high: number]> {
  const rows = y.length / 2;
  const ratios: number[] = [];
  for (let first = 0; first + FEW <= rows; first += FEW) {
    const apart = 2 * (yield* between(x, y, first, FEW));
    const alone = (yield* within(x, first, FEW)) + (yield* within(y, first, FEW));
    ratios.push((apart - alone) / byChance(spread, rows, FEW));
  }
  ratios.sort((a, b) => a - b);
  const at = (share: number) => ratios[Math.floor(share * (ratios.length - 1))]!;
  return [at(0.05), at(0.95)];
}
