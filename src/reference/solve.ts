/**
 * The joint solve of a flow (FFJORD, arXiv:1810.01367): dz/dt = f(t, z), dΔ/dt = −tr ∂f/∂z, and, where tangents
 * of the initial value are given, dV_k/dt = J V_k, which ends as the Jacobian of the whole map times V_k(t0).
 */
import type { MlpSpec } from "../field/spec.js";
import { evaluate } from "./field.js";
import { integrate, type Solution, type SolveOptions } from "./integrate.js";
import type { RightHandSide } from "./runge-kutta.js";
import { divergence, type Trace } from "./trace.js";

export interface JointState {
  /** [B, D] */
  readonly z: Float64Array;
  /** Δ: [B], 0 at the start of the solve. */
  readonly delta: Float64Array;
  /** K of [B, D]. */
  readonly tangents: readonly Float64Array[];
}

export interface JointSolution extends JointState {
  /** The states at `times`. */
  readonly at: readonly JointState[];
  /** Status, steps and counts; its `y` are z, Δ and the tangents one after the other. */
  readonly solution: Solution;
}

/** y' of y = (z, Δ, V_1 … V_K) laid one after the other; B rows. */
export function jointField(spec: MlpSpec, theta: Float64Array, trace: Trace, batch: number): RightHandSide {
  const size = batch * spec.dim;
  return (t, y) => {
    const carried = [];
    for (let at = size + batch; at < y.length; at += size) carried.push(y.subarray(at, at + size));
    const value = evaluate(spec, theta, t, y.subarray(0, size), [...trace.tangents, ...carried]);
    const out = new Float64Array(y.length);
    out.set(value.f);
    out.set(
      divergence(value, trace).map((d) => -d),
      size,
    );
    carried.forEach((_, k) => {
      out.set(value.df[trace.tangents.length + k]!, size + batch + k * size);
    });
    return out;
  };
}

/**
 * Solves from z0 [B, D] at t0 to t1 (either direction). The error norm is max(RMS z, RMS Δ); tangents stay out
 * of it, so that they are the exact derivative of the map as solved and change no step.
 */
export function solve(
  spec: MlpSpec,
  theta: Float64Array,
  trace: Trace,
  t0: number,
  t1: number,
  z0: Float64Array,
  options: SolveOptions,
  tangents: readonly Float64Array[] = [],
): JointSolution {
  const size = z0.length;
  const batch = size / spec.dim;
  const y0 = new Float64Array(size + batch + tangents.length * size);
  y0.set(z0);
  tangents.forEach((rows, k) => {
    y0.set(rows, size + batch + k * size);
  });
  const segments = [
    [0, size],
    [size, size + batch],
  ] as const;
  const solution = integrate(jointField(spec, theta, trace, batch), t0, t1, y0, options, segments);
  const split = (y: Float64Array): JointState => ({
    z: y.slice(0, size),
    delta: y.slice(size, size + batch),
    tangents: tangents.map((_, k) => y.slice(size + batch + k * size, size + batch + (k + 1) * size)),
  });
  return { ...split(solution.y), at: solution.at.map(split), solution };
}
