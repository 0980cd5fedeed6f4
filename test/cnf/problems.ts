/** Small flows for the tests of this folder, and the same flows in float64. */
import type { CnfOptions } from "../../src/cnf/index.js";
import { type MlpField, mlp } from "../../src/field/mlp.js";
import type { MlpOptions } from "../../src/field/spec.js";
import type { MethodName } from "../../src/ode/methods.js";
import { logProb, type ReferenceFlow, sample } from "../../src/reference/cnf.js";
import { exactTrace, hutchinsonTrace, type Trace } from "../../src/reference/trace.js";
import { numbers } from "../support/tensors.js";

export const f64 = (values: ArrayLike<number>): Float64Array => Float64Array.from(values);

/** Columns of quite different size, so that a factor taken twice or forgotten shows. */
export const SCALING = { mean: new Float32Array([0.5, -2, 1]), std: new Float32Array([0.25, 3, 1.5]) };

export function scaling(dim: number): { mean: Float32Array; std: Float32Array } {
  return { mean: SCALING.mean.slice(0, dim), std: SCALING.std.slice(0, dim) };
}

/** A field whose weights are ±`size`: a map that is far from the identity. */
export function bentField(
  options: MlpOptions,
  size = 0.9,
  seed = 1,
): { field: MlpField; params: Float32Array<ArrayBuffer> } {
  const field = mlp(options);
  return { field, params: numbers(field.paramCount, seed, size) };
}

/** The flow of these options in float64; converged (64 steps of rk4) unless it says its own fixed steps. */
export function referenceFlow(
  options: CnfOptions,
  params: ArrayLike<number>,
  T = options.T ?? 1,
): ReferenceFlow {
  const fixed = options.steps !== undefined;
  return {
    spec: options.field.spec,
    theta: f64(params),
    t0: 0,
    t1: T,
    options: fixed
      ? { method: (options.method ?? "dopri5") as MethodName, steps: options.steps }
      : { method: "rk4", steps: 64 },
  };
}

/** Hutchinson's trace with probes epsilon [n, B, D]; exact without. */
export function referenceTrace(batch: number, dim: number, epsilon?: Float32Array): Trace {
  if (!epsilon) return exactTrace(batch, dim);
  const size = batch * dim;
  return hutchinsonTrace(
    Array.from({ length: epsilon.length / size }, (_, k) => f64(epsilon.subarray(k * size, (k + 1) * size))),
  );
}

/** log p(x) [n], z [n, D] and log |det ∂z/∂x| [n] of the flow's data points in float64. */
export function referenceLogProb(
  options: CnfOptions,
  params: ArrayLike<number>,
  points: ArrayLike<number>,
  epsilon?: Float32Array,
): { logProb: Float64Array; z: Float64Array; logDet: Float64Array } {
  const { dim } = options.field;
  const flow = referenceFlow(options, params);
  const { mean, std } = options.standardisation ?? { mean: [0, 0, 0], std: [1, 1, 1] };
  const scaled = f64(points).map((x, i) => (x - mean[i % dim]!) / std[i % dim]!);
  let scale = 0;
  for (let d = 0; d < dim; d++) scale += Math.log(std[d]!);
  const result = logProb(flow, scaled, referenceTrace(scaled.length / dim, dim, epsilon));
  return {
    logProb: result.logProb.map((value) => value - scale),
    z: result.forward.z,
    logDet: result.forward.delta.map((value) => -value - scale),
  };
}

/** Base points at T carried to time t (data at 0) in float64, in data coordinates: [n, D]. */
export function referenceInverse(
  options: CnfOptions,
  params: ArrayLike<number>,
  base: ArrayLike<number>,
  t = 0,
): Float64Array {
  const { dim } = options.field;
  const { mean, std } = options.standardisation ?? { mean: [0, 0, 0], std: [1, 1, 1] };
  const flow = { ...referenceFlow(options, params), t0: t };
  const { x } = sample(flow, f64(base), exactTrace(base.length / dim, dim));
  return x.map((s, i) => s * std[i % dim]! + mean[i % dim]!);
}

/** [cells², 2] midpoints of a square grid on [−half, half]² and the area of a cell. */
export function grid2d(half: number, cells: number): { points: Float32Array<ArrayBuffer>; area: number } {
  const width = (2 * half) / cells;
  const points = new Float32Array(2 * cells * cells);
  for (let i = 0; i < cells * cells; i++) {
    points[2 * i] = -half + (0.5 + (i % cells)) * width;
    points[2 * i + 1] = -half + (0.5 + Math.floor(i / cells)) * width;
  }
  return { points, area: width * width };
}
