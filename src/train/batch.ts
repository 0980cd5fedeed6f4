/** The batches of a run, on the CPU: the rows that a step draws on the GPU (shaders/train/draw.wgsl is the twin). */
import type { Dataset } from "../data/dataset.js";
import { integerIn } from "../gpu/errors.js";
import { PURPOSE, randomIndices } from "../tensor/random.js";

export interface BatchOptions {
  /** Rows in the batch: the run's `batch`. Default 512. */
  readonly batch?: number;
  /** The run's seed. Default 0. */
  readonly seed?: number;
  /** The step of maximum likelihood, counted from 1, as reports count. */
  readonly step: number;
}

/**
 * The rows [batch, D] that a step of maximum likelihood trains on, in the coordinates of the data: for looking at a
 * step, or repeating it elsewhere. Rows are drawn with replacement; the same seed, step and data give the same rows.
 * @throws ArgumentError for a batch, seed or step out of range
 */
export function trainingBatch(dataset: Dataset, options: BatchOptions): Float32Array<ArrayBuffer> {
  const batch = integerIn("batch", options.batch ?? 512, 1, 1 << 22);
  const seed = integerIn("seed", options.seed ?? 0, 0);
  const step = integerIn("step", options.step, 1, 2 ** 32) - 1;
  const { dim, rows, points } = dataset;
  const drawn = new Float32Array(batch * dim);
  const chosen = randomIndices(batch, rows, { seed, purpose: PURPOSE.batch, step });
  for (const [i, row] of chosen.entries()) {
    drawn.set(points.subarray(row * dim, (row + 1) * dim), i * dim);
  }
  return drawn;
}
