/**
 * The flow in float64: log-density, sampling, and the loss with its gradient. Data sits at t0, the base N(0, I)
 * at t1: log p(x) = log N(z(t1); 0, I) − Δ(t1), in nats (arXiv:1810.01367).
 */
import type { MlpSpec } from "../field/spec.js";
import type { Regularisers } from "../ode/regularise.js";
import { continuousGradient, discreteGradient, type EndCotangents, type SolveGradient } from "./gradient.js";
import type { SolveOptions } from "./integrate.js";
import { type JointSolution, solve } from "./solve.js";
import type { Trace } from "./trace.js";

export interface ReferenceFlow {
  readonly spec: MlpSpec;
  /** [P], layout of `paramLayout(spec)`. */
  readonly theta: Float64Array;
  readonly t0: number;
  readonly t1: number;
  readonly options: SolveOptions;
}

/** log N(z; 0, I) of each row: [B]. */
export function baseLogProb(z: Float64Array, dim: number): Float64Array {
  const out = new Float64Array(z.length / dim).fill(-0.5 * dim * Math.log(2 * Math.PI));
  for (let j = 0; j < z.length; j++) out[Math.floor(j / dim)]! -= 0.5 * z[j]! * z[j]!;
  return out;
}

/** log p of the rows of x [B, D] in nats, and the solve behind it; `trace` has B rows. */
export function logProb(
  flow: ReferenceFlow,
  x: Float64Array,
  trace: Trace,
): { logProb: Float64Array; forward: JointSolution } {
  const forward = solve(flow.spec, flow.theta, trace, flow.t0, flow.t1, x, flow.options);
  const base = baseLogProb(forward.z, flow.spec.dim);
  return { logProb: base.map((v, n) => v - forward.delta[n]!), forward };
}

/** Carries base points [B, D] to data: x [B, D] and log p(x) [B], from one solve from t1 to t0. */
export function sample(
  flow: ReferenceFlow,
  base: Float64Array,
  trace: Trace,
): { x: Float64Array; logProb: Float64Array } {
  const back = solve(flow.spec, flow.theta, trace, flow.t1, flow.t0, base, flow.options);
  // Δ accumulated backward is minus the forward one.
  return { x: back.z, logProb: baseLogProb(base, flow.spec.dim).map((v, n) => v + back.delta[n]!) };
}

/** L = mean(−log p(x)) in nats, and its cotangents at the end of the solve. */
export function negativeLogLikelihood(
  flow: ReferenceFlow,
  x: Float64Array,
  trace: Trace,
): { loss: number; forward: JointSolution; end: EndCotangents } {
  const result = logProb(flow, x, trace);
  const batch = result.logProb.length;
  const loss = -result.logProb.reduce((sum, v) => sum + v, 0) / batch;
  const end = {
    z: result.forward.z.map((v) => v / batch),
    delta: new Float64Array(batch).fill(1 / batch),
  };
  return { loss, forward: result.forward, end };
}

/**
 * Loss and gradient. The continuous adjoint solves backward with `backward`, else with the flow's options; regularisers
 * join the discrete gradient alone, and not the loss.
 */
export function lossGradient(
  flow: ReferenceFlow,
  x: Float64Array,
  trace: Trace,
  mode: "discrete" | "continuous" = "discrete",
  backward: SolveOptions = flow.options,
  regularise?: Regularisers,
): { loss: number; forward: JointSolution; gradient: SolveGradient } {
  const { spec, theta, options } = flow;
  const { loss, forward, end } = negativeLogLikelihood(flow, x, trace);
  const gradient =
    mode === "discrete"
      ? discreteGradient(spec, theta, trace, forward, options, end, regularise)
      : continuousGradient(spec, theta, trace, flow, forward.z, backward, end);
  return { loss, forward, gradient };
}
