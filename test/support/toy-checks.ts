/**
 * Judging toy samples and densities against the `toy` and `toy_entropy` reference files (statistics of 1e6
 * points of FFJORD's generators, and quadrature entropies). No test framework in here: the conformance
 * command uses it too.
 */
import type { LogDensity2d } from "../../src/data/toy-set.js";

/** A reference file of kind "toy". */
export interface ToyCase {
  readonly distribution: string;
  /** Points behind the statistics. */
  readonly n: number;
  readonly mean: readonly number[];
  readonly cov: { readonly data: readonly number[] };
  /** In per cent; the four lists below are the quantiles at these. */
  readonly percentiles: readonly number[];
  readonly quantiles_x: readonly number[];
  readonly quantiles_y: readonly number[];
  readonly quantiles_radius: readonly number[];
  readonly quantiles_angle: readonly number[];
  readonly histogram: {
    /** Both axes. */
    readonly range: readonly [number, number];
    readonly bins: number;
    readonly fraction_outside: number;
    /** Probabilities, [ix, iy] row-major. */
    readonly data: readonly number[];
  };
}

/** A reference file of kind "toy_entropy". */
export interface EntropyCase {
  readonly entropy_nats: Readonly<
    Record<string, { readonly value: number; readonly standard_error: number }>
  >;
}

/** One judgement: it passes when value ≤ bound. */
export interface ToyCheck {
  readonly quantity: string;
  readonly value: number;
  readonly bound: number;
  readonly pass: boolean;
}

function judge(quantity: string, value: number, bound: number): ToyCheck {
  return { quantity, value, bound, pass: value <= bound };
}

/** Half a unit of the seventh digit, to which the reference files are printed. */
const PRINTED = 5e-7;

/**
 * The Kolmogorov–Smirnov distance between a sample and a distribution known by its percentiles. Being the
 * largest gap at 99 places instead of everywhere, it is a little below the full distance. Where a single
 * value carries mass (the angle of a line) any percentile inside the jump counts as met.
 * @param values sorted in place
 */
export function ksDistance(
  values: Float64Array,
  quantiles: readonly number[],
  percentiles: readonly number[],
): number {
  values.sort();
  let largest = 0;
  let below = 0;
  let upTo = 0;
  quantiles.forEach((quantile, i) => {
    const slack = PRINTED * Math.max(1, Math.abs(quantile));
    while (below < values.length && values[below]! < quantile - slack) below++;
    while (upTo < values.length && values[upTo]! <= quantile + slack) upTo++;
    const p = percentiles[i]! / 100;
    largest = Math.max(largest, below / values.length - p, p - upTo / values.length);
  });
  return largest;
}

/** KS distances of x, y, radius and angle; bound 1.63 √(1/m + 1/n), the two-sample test at the 1 % level. */
export function ksChecks(reference: ToyCase, points: Float32Array): ToyCheck[] {
  const m = points.length / 2;
  const bound = 1.63 * Math.sqrt(1 / m + 1 / reference.n);
  const quantities: readonly [string, readonly number[], (x: number, y: number) => number][] = [
    ["x", reference.quantiles_x, (x) => x],
    ["y", reference.quantiles_y, (_, y) => y],
    ["radius", reference.quantiles_radius, Math.hypot],
    ["angle", reference.quantiles_angle, (x, y) => Math.atan2(y, x)],
  ];
  return quantities.map(([name, quantiles, of]) => {
    const values = Float64Array.from({ length: m }, (_, i) => of(points[2 * i]!, points[2 * i + 1]!));
    return judge(`KS distance of ${name}`, ksDistance(values, quantiles, reference.percentiles), bound);
  });
}

/**
 * Mean and covariance, each as its distance from the reference in standard errors of the difference
 * (estimated from the sample); the bound of 4.5 is passed by chance once in 150,000 entries.
 */
export function momentChecks(reference: ToyCase, points: Float32Array): ToyCheck[] {
  const m = points.length / 2;
  const entries: readonly [string, number, (x: number, y: number) => number][] = [
    ["mean x", reference.mean[0]!, (x) => x],
    ["mean y", reference.mean[1]!, (_, y) => y],
    ["cov xx", reference.cov.data[0]!, (x) => (x - reference.mean[0]!) ** 2],
    ["cov xy", reference.cov.data[1]!, (x, y) => (x - reference.mean[0]!) * (y - reference.mean[1]!)],
    ["cov yy", reference.cov.data[3]!, (_, y) => (y - reference.mean[1]!) ** 2],
  ];
  return entries.map(([name, expected, of]) => {
    const { mean, variance } = meanAndVariance(m, (i) => of(points[2 * i]!, points[2 * i + 1]!));
    const error = Math.sqrt(variance * (1 / m + 1 / reference.n));
    return judge(`${name}, in standard errors`, Math.abs(mean - expected) / error, 4.5);
  });
}

/**
 * Two-sample χ² over the cells of the reference histogram, as the normal deviate √(2χ²) − √(2k − 1) of its
 * k degrees of freedom (Fisher). Cells expecting 5 points or fewer are pooled with what lies outside. The
 * references of moons, circles and rings have stratified angles, which can only lower the value.
 */
export function histogramCheck(reference: ToyCase, points: Float32Array): ToyCheck {
  const m = points.length / 2;
  const { range, bins, data } = reference.histogram;
  const counts = new Float64Array(bins * bins);
  const scale = bins / (range[1] - range[0]);
  for (let i = 0; i < m; i++) {
    const ix = Math.floor((points[2 * i]! - range[0]) * scale);
    const iy = Math.floor((points[2 * i + 1]! - range[0]) * scale);
    if (ix >= 0 && ix < bins && iy >= 0 && iy < bins) counts[ix * bins + iy]! += 1;
  }
  return chiSquare("histogram χ², as a normal deviate", counts, data, m, 1 + m / reference.n);
}

/**
 * The exact density against the reference's 1e6 points: the density is integrated over every cell of the
 * histogram (6 × 6 midpoints would blur thin rings, so by 6-point Gauss–Legendre a side) and χ² taken.
 */
export function densityHistogramCheck(reference: ToyCase, logDensity: LogDensity2d): ToyCheck {
  const { range, bins, data } = reference.histogram;
  const width = (range[1] - range[0]) / bins;
  const expected = data.map((_, cell) => {
    const x0 = range[0] + Math.floor(cell / bins) * width;
    const y0 = range[0] + (cell % bins) * width;
    let mass = 0;
    for (const [u, wu] of GAUSS_6) {
      for (const [v, wv] of GAUSS_6) mass += wu * wv * Math.exp(logDensity(x0 + u * width, y0 + v * width));
    }
    return mass * width * width;
  });
  const counts = Float64Array.from(data, (p) => p * reference.n);
  return chiSquare("density over histogram χ², as a normal deviate", counts, expected, reference.n, 1);
}

/** [node, weight] of the 6-point Gauss–Legendre rule on [0, 1] (DLMF table 3.5.1, moved from [−1, 1]). */
const GAUSS_6: readonly (readonly [number, number])[] = [
  [0.238619186083197, 0.467913934572691],
  [0.661209386466265, 0.360761573048139],
  [0.932469514203152, 0.17132449237917],
].flatMap(([x, w]) => [[(1 - x!) / 2, w! / 2] as const, [(1 + x!) / 2, w! / 2] as const]);

/** 4 deviates are passed by chance once in 30,000 histograms. */
function chiSquare(
  quantity: string,
  counts: Float64Array,
  probabilities: readonly number[],
  total: number,
  inflation: number,
): ToyCheck {
  let sum = 0;
  let cells = 0;
  let restCount = total;
  let restExpected = total;
  for (let i = 0; i < counts.length; i++) {
    const expected = probabilities[i]! * total;
    if (expected <= 5) continue;
    sum += (counts[i]! - expected) ** 2 / (expected * inflation);
    cells++;
    restCount -= counts[i]!;
    restExpected -= expected;
  }
  if (restExpected > 5) {
    sum += (restCount - restExpected) ** 2 / (restExpected * inflation);
    cells++;
  }
  return judge(quantity, Math.sqrt(2 * sum) - Math.sqrt(2 * (cells - 1) - 1), 4);
}

/**
 * −mean log p of our exact density on our own points against the tabled entropy, in standard errors of the
 * mean (the table's own error included); the bound is 4.
 */
export function entropyCheck(
  logDensity: LogDensity2d,
  points: Float32Array,
  floor: { readonly value: number; readonly standard_error: number },
): ToyCheck & { readonly nll: number } {
  const m = points.length / 2;
  const { mean, variance } = meanAndVariance(m, (i) => -logDensity(points[2 * i]!, points[2 * i + 1]!));
  const error = Math.sqrt(variance / m + floor.standard_error ** 2);
  return {
    ...judge("−mean log p − entropy, in standard errors", Math.abs(mean - floor.value) / error, 4),
    nll: mean,
  };
}

/** ∫ exp(logDensity) over a square by the midpoint rule with cells² points. */
export function massOver(
  logDensity: LogDensity2d,
  [low, high]: readonly [number, number],
  cells: number,
): number {
  const h = (high - low) / cells;
  let sum = 0;
  for (let i = 0; i < cells; i++) {
    for (let j = 0; j < cells; j++) sum += Math.exp(logDensity(low + (i + 0.5) * h, low + (j + 0.5) * h));
  }
  return sum * h * h;
}

function meanAndVariance(n: number, at: (i: number) => number): { mean: number; variance: number } {
  const values = Float64Array.from({ length: n }, (_, i) => at(i));
  const mean = values.reduce((sum, v) => sum + v, 0) / n;
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (n - 1);
  return { mean, variance };
}
