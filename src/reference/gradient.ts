/**
 * Gradients of a loss of (z(t1), Δ(t1)) through a joint solve, in float64: exact for the steps taken (discrete
 * adjoint) and by solving the adjoint equation backward (continuous adjoint, Chen et al. 2018, arXiv:1806.07366,
 * algorithm 2). dΔ/dt does not depend on Δ, so its cotangent a_Δ is constant along the flow.
 */
import type { MlpSpec } from "../field/spec.js";
import { ArgumentError } from "../gpu/errors.js";
import { method as methodNamed } from "../ode/methods.js";
import type { Regularisers } from "../ode/regularise.js";
import { evaluate, reverse } from "./field.js";
import { integrate, type SolveOptions } from "./integrate.js";
import { penalty, stageRegularity, stagesOf } from "./regularise.js";
import type { JointSolution } from "./solve.js";
import { divergence, type Trace, traceSeeds } from "./trace.js";

/** Cotangents of the end of a solve. */
export interface EndCotangents {
  /** ∂L/∂z(t1): [B, D] */
  readonly z: Float64Array;
  /** a_Δ = ∂L/∂Δ(t1): [B] */
  readonly delta: Float64Array;
}

export interface SolveGradient {
  /** dL/dθ: [P] */
  readonly theta: Float64Array;
  /** dL/dz(t0): [B, D] */
  readonly z0: Float64Array;
  readonly t0: number;
  readonly t1: number;
}

function dot(x: Float64Array, y: Float64Array): number {
  return x.reduce((sum, v, j) => sum + v * y[j]!, 0);
}

function addTo(sum: Float64Array, x: Float64Array): void {
  for (let j = 0; j < sum.length; j++) sum[j]! += x[j]!;
}

/**
 * Discrete adjoint: the derivative of the numbers the solver computed, its step fractions
 * w_n = h_n / (t1 − t0) held constant (in a solve of equal steps they are). Stages are recomputed step by step
 * from the states kept at the steps' beginnings.
 *
 * @param regularise adds the gradient of λ_K mean ∫ |f|² dt + λ_J mean ∫ w Σ_k |J ε_k|² dt (src/ode/regularise.ts)
 * @throws ArgumentError when the forward solve did not reach its end, or took no step
 */
export function discreteGradient(
  spec: MlpSpec,
  theta: Float64Array,
  trace: Trace,
  forward: JointSolution,
  options: SolveOptions,
  end: EndCotangents,
  regularise: Regularisers = { kinetic: 0, jacobian: 0 },
): SolveGradient {
  const { a, b, c, stages } = methodNamed(options.method);
  const { steps, status, t: t1 } = forward.solution;
  if (status !== "ok" || steps.length === 0) {
    throw new ArgumentError(
      `The forward solve ended "${status}" after ${steps.length} steps.`,
      "Only a finished one has a gradient.",
    );
  }
  const t0 = steps[0]!.t;
  const size = forward.z.length;
  const thetaBar = new Float64Array(theta.length);
  const zBar = end.z.slice();
  let t1Bar = 0;
  let stageTimes = 0;
  const batch = end.delta.length;
  const kinetic = regularise.kinetic / batch;
  const jacobian = (regularise.jacobian * trace.weight) / batch;
  for (const step of [...steps].reverse()) {
    const { t, dt: h } = step;
    const values = stagesOf(spec, theta, trace, step, options.method, size);
    // ∂L/∂h at fixed stage times; divided by nothing, so w_n below makes it a share of dL/dt1.
    let hBar = 0;
    const inputBars: Float64Array[] = new Array(stages);
    for (let i = stages - 1; i >= 0; i--) {
      // k̄_i / h = b_i z̄_{n+1} + Σ_{j>i} a_ji Z̄_j
      const slopeBar = zBar.map((v) => b[i]! * v);
      for (let j = i + 1; j < stages; j++) {
        const weight = a[j]![i]!;
        if (weight !== 0) for (let m = 0; m < size; m++) slopeBar[m]! += weight * inputBars[j]![m]!;
      }
      const seeds = traceSeeds(
        trace,
        end.delta.map((v) => -h * b[i]! * v),
      );
      const { f, df } = values[i]!;
      const back = reverse(
        spec,
        theta,
        values[i]!,
        slopeBar.map((v, m) => h * (v + 2 * b[i]! * kinetic * f[m]!)),
        seeds.map((seed, k) => seed.map((v, m) => v + 2 * h * b[i]! * jacobian * df[k]![m]!)),
      );
      inputBars[i] = back.z;
      addTo(thetaBar, back.theta);
      hBar += dot(slopeBar, f) - b[i]! * dot(end.delta, divergence(values[i]!, trace));
      hBar += b[i]! * penalty(stageRegularity(values[i]!, trace), regularise);
      t1Bar += ((t + c[i]! * h - t0) / (t1 - t0)) * back.t;
      stageTimes += back.t;
    }
    t1Bar += (h / (t1 - t0)) * hBar;
    for (const bar of inputBars) addTo(zBar, bar);
  }
  return { theta: thetaBar, z0: zBar, t0: stageTimes - t1Bar, t1: t1Bar };
}

/**
 * Continuous adjoint: (z, a, dL/dθ, a_t) solved from t1 back to t0 with z started at the forward solve's end.
 * The last two never feed back, so they are quadratures; they are carried in the state for brevity and stay out
 * of the error norm ("Hey, that's not an ODE", arXiv:2009.09457), which therefore sees z and a only.
 *
 * @param options of the backward solve; fixed steps or adaptive, tolerances of its own
 */
export function continuousGradient(
  spec: MlpSpec,
  theta: Float64Array,
  trace: Trace,
  span: { readonly t0: number; readonly t1: number },
  z1: Float64Array,
  options: SolveOptions,
  end: EndCotangents,
): SolveGradient {
  const size = z1.length;
  const seeds = traceSeeds(
    trace,
    end.delta.map((v) => -v),
  );
  const atEnd = evaluate(spec, theta, span.t1, z1, trace.tangents);
  const t1Bar = dot(end.z, atEnd.f) - dot(end.delta, divergence(atEnd, trace));
  const y1 = new Float64Array(2 * size + theta.length + 1);
  y1.set(z1);
  y1.set(end.z, size);
  y1[y1.length - 1] = -t1Bar;
  // y' = (f, −∂g/∂z, −∂g/∂θ, −∂g/∂t) with g = aᵀf − a_Δ tr
  const backward = (t: number, y: Float64Array): Float64Array => {
    const value = evaluate(spec, theta, t, y.subarray(0, size), trace.tangents);
    const g = reverse(spec, theta, value, y.subarray(size, 2 * size), seeds);
    const out = new Float64Array(y.length);
    out.set(value.f);
    out.set(
      g.z.map((v) => -v),
      size,
    );
    out.set(
      g.theta.map((v) => -v),
      2 * size,
    );
    out[out.length - 1] = -g.t;
    return out;
  };
  const { y } = integrate(backward, span.t1, span.t0, y1, options, [
    [0, size],
    [size, 2 * size],
  ]);
  return {
    theta: y.slice(2 * size, 2 * size + theta.length),
    z0: y.slice(size, 2 * size),
    t0: y[y.length - 1]!,
    t1: t1Bar,
  };
}
