/** How far a model is from the data, in nats. */
import { ArgumentError, DataError } from "../gpu/errors.js";
import type { Dataset } from "./dataset.js";

export interface KlEstimate {
  /** Mean of log p_true − log p_model: an unbiased estimate of KL(data ‖ model). */
  readonly nats: number;
  /** Standard error of that mean. */
  readonly standardError: number;
}

/**
 * KL divergence of a model from the data, on the held-out points. Both densities are taken at the same
 * points, so most of the sampling noise of either NLL cancels; near 0 the estimate may dip below it.
 * @param logModel the model's log p at dataset.heldOut, [rows], nats; −∞ is allowed and gives +∞
 * @throws ArgumentError when the data set has no exact density, no held-out points, or another row count.
 * @throws DataError when a value of the model is NaN or +∞.
 */
export function klFromData(dataset: Dataset, logModel: ArrayLike<number>): KlEstimate {
  const { logDensity, heldOut, name } = dataset;
  const rows = heldOut.length / dataset.dim;
  if (logDensity === undefined) throw new ArgumentError(`The data set ${name} has no known density.`);
  if (rows === 0) throw new ArgumentError(`The data set ${name} has no held-out points.`);
  if (logModel.length !== rows) {
    throw new ArgumentError(`${logModel.length} model values were given for ${rows} held-out points.`);
  }
  const gaps = new Float64Array(rows);
  let sum = 0;
  for (let i = 0; i < rows; i++) {
    const model = logModel[i]!;
    if (Number.isNaN(model) || model === Number.POSITIVE_INFINITY) {
      throw new DataError(`The model's log density at held-out row ${i} is ${model}.`);
    }
    gaps[i] = logDensity(heldOut[2 * i]!, heldOut[2 * i + 1]!) - model;
    sum += gaps[i]!;
  }
  const nats = sum / rows;
  if (!Number.isFinite(nats)) return { nats, standardError: Number.POSITIVE_INFINITY };
  let squares = 0;
  for (const gap of gaps) squares += (gap - nats) ** 2;
  return { nats, standardError: Math.sqrt(squares / rows / Math.max(1, rows - 1)) };
}
