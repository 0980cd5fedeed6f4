/**
 * A data set as training takes it: points to learn from and held-out points to judge by.
 */
import { ArgumentError, DataError, finite, integerIn } from "../gpu/errors.js";
import { RandomStream } from "../tensor/philox.js";
import { PURPOSE } from "../tensor/random.js";
import { toy } from "./sets.js";
import { standardisation } from "./standardise.js";
import type { LogDensity2d } from "./toy-set.js";

export interface Dataset {
  readonly name: string;
  /** D: numbers in a row. */
  readonly dim: number;
  /** Rows to train on. */
  readonly rows: number;
  /** [rows, dim] row-major. */
  readonly points: Float32Array<ArrayBuffer>;
  /** [any, dim] row-major, disjoint from `points`; may be empty. */
  readonly heldOut: Float32Array<ArrayBuffer>;
  /** The exact log p(x, y) in nats of a toy set that has one. */
  readonly logDensity?: LogDensity2d;
  /** Its differential entropy in nats: the lowest possible mean NLL. */
  readonly entropy?: number;
}

export interface ToyOptions {
  /** Rows to train on; 50,000 unless given. */
  readonly rows?: number;
  /** Rows held out; 10,000 unless given. */
  readonly heldOut?: number;
  /** 0 unless given; the data are a function of it. */
  readonly seed?: number;
  /** Factor of the set's own noise, 0.25 to 4; 1 unless given. */
  readonly noise?: number;
}

/**
 * Draws the toy set of this name (see TOY_SETS).
 * @throws ArgumentError for an unknown name, a noise that the set cannot have, fewer than 2 rows, or a count or seed that is not an integer.
 */
export function toyDataset(name: string, options: ToyOptions = {}): Dataset {
  const set = toy(name, options.noise);
  const rows = integerIn("The number of rows", options.rows ?? 50_000, 2);
  const heldOut = integerIn("The number of held-out rows", options.heldOut ?? 10_000, 0);
  const all = set.sample(rows + heldOut, options.seed ?? 0);
  return {
    name: set.name,
    dim: 2,
    rows,
    points: all.slice(0, 2 * rows),
    heldOut: all.slice(2 * rows),
    logDensity: set.logDensity,
    entropy: set.entropy,
  };
}

export interface PointsOptions {
  /** "points" unless given. */
  readonly name?: string;
  /** Share of the rows held out, in [0, 1); 0.1 unless given. At least 2 rows always remain to train on. */
  readonly heldOutFraction?: number;
  /** Chooses which rows are held out; 0 unless given. */
  readonly seed?: number;
}

/**
 * Your own data. The numbers are copied, rounded to float32, and the rows split at random.
 * @param points [rows, dim] row-major
 * @throws DataError for NaN, infinity or a number beyond float32 (naming row and column, from 0), for fewer
 *   than 2 rows, and for a column without a usable spread (see `standardisation`).
 * @throws ArgumentError when the numbers do not fill rows of `dim`, or an option is out of range.
 */
export function fromPoints(points: ArrayLike<number>, dim: number, options: PointsOptions = {}): Dataset {
  integerIn("The dimension of the data", dim, 1);
  const fraction = finite("The held-out fraction", options.heldOutFraction ?? 0.1);
  if (fraction < 0 || fraction >= 1) {
    throw new ArgumentError(`The held-out fraction is ${fraction}.`, "It must be at least 0 and below 1.");
  }
  if (points.length % dim !== 0) {
    throw new ArgumentError(
      `${points.length} numbers do not fill rows of ${dim}.`,
      "Give rows × dim numbers in one flat array, row after row.",
    );
  }
  const count = points.length / dim;
  if (count < 2)
    throw new DataError(`The data have ${count === 1 ? "1 row" : "no rows"}.`, "At least 2 are needed.");
  const order = shuffled(count, options.seed ?? 0);
  const copy = checkedCopy(points, dim, order);
  const rows = count - Math.min(Math.round(fraction * count), count - 2);
  const train = copy.slice(0, rows * dim);
  // Called for its checks: what cannot be standardised must be refused here, not in the middle of training.
  standardisation(train, dim);
  return { name: options.name ?? "points", dim, rows, points: train, heldOut: copy.slice(rows * dim) };
}

/** A random permutation of 0 … count − 1 (Fisher and Yates). */
function shuffled(count: number, seed: number): Uint32Array {
  const stream = new RandomStream(seed, PURPOSE.split);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = stream.integer(i + 1);
    const kept = order[i]!;
    order[i] = order[j]!;
    order[j] = kept;
  }
  return order;
}

/** Rows of `points` in the given order as float32, every number checked; complaints name the original row. */
function checkedCopy(points: ArrayLike<number>, dim: number, order: Uint32Array): Float32Array<ArrayBuffer> {
  const copy = new Float32Array(points.length);
  for (let i = 0; i < points.length; i++) {
    if (!Number.isFinite(Math.fround(points[i]!))) {
      throw new DataError(
        `Row ${Math.floor(i / dim)}, column ${i % dim} (both from 0) is ${points[i]}.`,
        "Every number must be finite and within the range of 32-bit floats: remove or repair that row.",
      );
    }
  }
  for (let i = 0; i < order.length; i++) {
    for (let j = 0; j < dim; j++) copy[i * dim + j] = points[order[i]! * dim + j]!;
  }
  return copy;
}
