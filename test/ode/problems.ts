/** Tiny solves for the tests of this folder: the same numbers for the GPU in f32 and for the float64 reference. */
import { type MlpField, mlp } from "../../src/field/mlp.js";
import type { MlpOptions } from "../../src/field/spec.js";
import type { Regularisers } from "../../src/ode/regularise.js";
import type { SolveGradient as GpuGradient } from "../../src/ode/solve.js";
import {
  continuousGradient,
  discreteGradient,
  type EndCotangents,
  type SolveGradient,
} from "../../src/reference/gradient.js";
import type { SolveOptions } from "../../src/reference/integrate.js";
import { solve as solveReference } from "../../src/reference/solve.js";
import { exactTrace, hutchinsonTrace, type Trace } from "../../src/reference/trace.js";
import { relativeL2 } from "../support/compare.js";
import { numbers } from "../support/tensors.js";

export const f64 = (values: ArrayLike<number>): Float64Array => Float64Array.from(values);

/** A field with weights of ±0.9 and B points in [−1, 1]^D, all of them exact in f32. */
export interface Problem {
  readonly field: MlpField;
  readonly batch: number;
  /** θ [P]. */
  readonly params: Float32Array<ArrayBuffer>;
  /** [B, D]. */
  readonly z0: Float32Array<ArrayBuffer>;
  /** Cotangents of z(t1) [B, D] and of Δ(t1) [B]. */
  readonly cotangent: { readonly z: Float32Array<ArrayBuffer>; readonly delta: Float32Array<ArrayBuffer> };
}

export function problem(options: MlpOptions, batch: number, seed = 1): Problem {
  const field = mlp(options);
  const { dim, paramCount } = field;
  return {
    field,
    batch,
    params: numbers(paramCount, seed, 0.9),
    z0: numbers(batch * dim, seed + 1),
    cotangent: { z: numbers(batch * dim, seed + 2), delta: numbers(batch, seed + 3) },
  };
}

/** Exact, or Hutchinson's with the probes epsilon [n, B, D]. */
export function referenceTrace({ field, batch }: Problem, epsilon?: Float32Array): Trace {
  if (!epsilon) return exactTrace(batch, field.dim);
  const size = batch * field.dim;
  return hutchinsonTrace(
    Array.from({ length: epsilon.length / size }, (_, k) => f64(epsilon.subarray(k * size, (k + 1) * size))),
  );
}

export interface Span {
  readonly t0: number;
  readonly t1: number;
}

export function referenceSolve(
  { field, params, z0 }: Problem,
  { t0, t1 }: Span,
  options: SolveOptions,
  trace: Trace,
  tangents: readonly Float64Array[] = [],
) {
  return solveReference(field.spec, f64(params), trace, t0, t1, f64(z0), options, tangents);
}

function endOf({ cotangent }: Problem): EndCotangents {
  return { z: f64(cotangent.z), delta: f64(cotangent.delta) };
}

/** Gradient of Σ cotangent · (z, Δ)(t1) for the steps taken, with what regularisers add. */
export function referenceDiscrete(
  p: Problem,
  span: Span,
  options: SolveOptions,
  trace: Trace,
  regularise?: Regularisers,
): SolveGradient {
  const forward = referenceSolve(p, span, options, trace);
  return discreteGradient(p.field.spec, f64(p.params), trace, forward, options, endOf(p), regularise);
}

/** The same by solving the adjoint equation back with the same options. */
export function referenceContinuous(
  p: Problem,
  span: Span,
  options: SolveOptions,
  trace: Trace,
): SolveGradient {
  const forward = referenceSolve(p, span, options, trace);
  return continuousGradient(p.field.spec, f64(p.params), trace, span, forward.z, options, endOf(p));
}

/** The same by central differences of the reference's solve in every entry of θ, z0, t0 and t1. */
export function differences(p: Problem, span: Span, options: SolveOptions, trace: Trace): SolveGradient {
  const end = endOf(p);
  const theta = f64(p.params);
  const z0 = f64(p.z0);
  const times = Float64Array.of(span.t0, span.t1);
  const loss = () => {
    const { z, delta } = solveReference(p.field.spec, theta, trace, times[0]!, times[1]!, z0, options);
    const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, v, j) => sum + v * b[j]!, 0);
    return dot(end.z, z) + dot(end.delta, delta);
  };
  const slopes = (values: Float64Array) =>
    values.map((value, i) => {
      const h = 1e-5;
      values[i] = value + h;
      const up = loss();
      values[i] = value - h;
      const down = loss();
      values[i] = value;
      return (up - down) / (2 * h);
    });
  const [t0, t1] = slopes(times);
  return { theta: slopes(theta), z0: slopes(z0), t0: t0!, t1: t1! };
}

/**
 * Largest relative L2 distance of the gradients: θ, z0, and (t0, t1) taken as one tensor, since either alone may be
 * a difference of large numbers.
 */
export function gradientError(
  actual: Pick<GpuGradient, "params" | "z0" | "t0" | "t1">,
  expected: SolveGradient,
): number {
  return Math.max(
    relativeL2(actual.params, expected.theta),
    relativeL2(actual.z0, expected.z0),
    relativeL2([actual.t0, actual.t1], [expected.t0, expected.t1]),
  );
}
