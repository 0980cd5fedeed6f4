/**
 * Moving and scaling each column to mean 0 and standard deviation 1, with the log-determinant that turns a
 * density of standardised points back into one of the original points:
 *   s = (x − mean)/std,  log p(x) = log p_s(s) + logDet,  logDet = −Σ_j log std_j.
 */
import { ArgumentError, DataError, integerIn } from "../gpu/errors.js";

export interface Standardisation {
  /**
   * [dim] each. Computed in float64 and then rounded to float32, so that the scaling a GPU applies, the
   * inverse it applies when sampling and the determinant below all belong to the same numbers.
   */
  readonly mean: Float32Array<ArrayBuffer>;
  readonly std: Float32Array<ArrayBuffer>;
  /** log|det ∂s/∂x| in nats. */
  readonly logDet: number;
}

/** What moving and scaling needs: [dim] each. */
export interface Scaling {
  readonly mean: Float32Array;
  readonly std: Float32Array;
}

/** Outside this range 1/std, or a product with it, can leave the range of float32. */
const SMALLEST_STD = 1e-30;
const LARGEST_STD = 1e30;
/** Fewer float32 steps than this within one standard deviation, and a column is a comb, not a continuum. */
const FEWEST_STEPS = 32;

function rowsOf(points: Float32Array, dim: number): number {
  integerIn("The dimension of the data", dim, 1);
  if (points.length % dim !== 0) {
    throw new ArgumentError(`${points.length} numbers do not fill rows of ${dim}.`);
  }
  return points.length / dim;
}

/** Mean and population variance of one column in two passes, so that a far offset does not cancel. */
function momentsOf(points: Float32Array, dim: number, column: number): { mean: number; variance: number } {
  const rows = points.length / dim;
  let sum = 0;
  for (let i = column; i < points.length; i += dim) sum += points[i]!;
  const first = sum / rows;
  let drift = 0;
  let squares = 0;
  for (let i = column; i < points.length; i += dim) {
    const gap = points[i]! - first;
    drift += gap;
    squares += gap * gap;
  }
  // The drift is the rounding error of the first mean (Chan, Golub and LeVeque, 1983).
  return { mean: first + drift / rows, variance: Math.max(0, (squares - (drift * drift) / rows) / rows) };
}

/**
 * Mean and standard deviation of every column (divided by the number of rows).
 * @param points [rows, dim] row-major, all finite
 * @throws DataError for fewer than 2 rows, and for a column that is constant, too small or too large in
 *   scale for float32, or so far from 0 that float32 keeps too few steps of its spread; the message names it.
 * @throws ArgumentError when the points do not fill rows of `dim`.
 */
export function standardisation(points: Float32Array, dim: number): Standardisation {
  const rows = rowsOf(points, dim);
  if (rows < 2)
    throw new DataError(`The data have ${rows === 1 ? "1 row" : "no rows"}.`, "At least 2 are needed.");
  const mean = new Float32Array(dim);
  const std = new Float32Array(dim);
  let logDet = 0;
  for (let j = 0; j < dim; j++) {
    const moments = momentsOf(points, dim, j);
    const spread = Math.sqrt(moments.variance);
    checkScale(j, moments.mean, spread, points[j]!);
    mean[j] = moments.mean;
    std[j] = spread;
    logDet -= Math.log(std[j]!);
  }
  return { mean, std, logDet };
}

function checkScale(column: number, mean: number, spread: number, example: number): void {
  if (spread === 0) {
    throw new DataError(
      `Column ${column} is ${example} in every row.`,
      "A constant column has no density: leave it out.",
    );
  }
  if (spread < SMALLEST_STD || spread > LARGEST_STD) {
    throw new DataError(
      `Column ${column} has the standard deviation ${spread.toPrecision(3)}, which 32-bit floats cannot scale.`,
      `Choose a unit that puts it between ${SMALLEST_STD} and ${LARGEST_STD}.`,
    );
  }
  if (spread < FEWEST_STEPS * Math.abs(mean) * 2 ** -23) {
    throw new DataError(
      `Column ${column} lies ${spread.toPrecision(3)} around ${mean.toPrecision(3)}, too far from 0 for 32-bit floats.`,
      "Subtract that offset from the column first.",
    );
  }
}

/** s = (x − mean)/std for every row, as a new array [rows, dim]. */
export function standardise(points: Float32Array, scaling: Scaling): Float32Array<ArrayBuffer> {
  return mapColumns(points, scaling, (x, mean, std) => (x - mean) / std);
}

/** x = mean + std · s: the inverse of `standardise`, as a new array [rows, dim]. */
export function unstandardise(points: Float32Array, scaling: Scaling): Float32Array<ArrayBuffer> {
  return mapColumns(points, scaling, (s, mean, std) => mean + std * s);
}

function mapColumns(
  points: Float32Array,
  { mean, std }: Scaling,
  change: (value: number, mean: number, std: number) => number,
): Float32Array<ArrayBuffer> {
  const dim = mean.length;
  rowsOf(points, dim);
  const out = new Float32Array(points.length);
  for (let i = 0; i < out.length; i++) out[i] = change(points[i]!, mean[i % dim]!, std[i % dim]!);
  return out;
}
