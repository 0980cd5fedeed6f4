/** Judges a "grad" case: the two gradients of a flow's loss against their own discretisation and the limit. */
import { type MlpField, mlp } from "../../../src/field/mlp.js";
import type { TraceOptions } from "../../../src/field/trace.js";
import type { Device } from "../../../src/gpu/device.js";
import { type SolveGradient, type SolveOptions, solve } from "../../../src/ode/solve.js";
import { fieldOf, fixedSolver, flatParams, type GradCase, type OracleGradient } from "../../support/cases.js";
import { BOUNDS, Findings, f32, type Judge } from "./judgement.js";
import { flowLoss, lossCotangent } from "./loss.js";
import { pathsOf } from "./paths.js";

export const judgeGrad: Judge<GradCase> = async (device, oracle, how = {}) => {
  const { turn = 0 } = how;
  const { inputs, results } = oracle;
  const { spec, theta } = fieldOf(oracle);
  const found = new Findings();
  const trace: TraceOptions = inputs.eps
    ? { kind: "hutchinson", epsilon: f32(inputs.eps) }
    : { kind: "exact" };
  const field = mlp(spec);
  const problem: SolveOptions = {
    field,
    params: Float32Array.from(theta),
    z0: f32(inputs.z0),
    t0: inputs.t0,
    t1: inputs.t1,
    trace,
  };
  // One solver of one route is enough for the suite: the others' fused kernels only have room for more stages, and the
  // other route's are judged by the next case.
  const own = ["backprop", "adjoint"][turn % 2];
  let judgedOwn = false;
  for (const [name, expected] of Object.entries(results)) {
    const [, route, solverName] = /^(backprop|adjoint)_(.+)$/.exec(name) ?? [];
    const solver = solverName === undefined ? null : fixedSolver(solverName);
    if (!solver || route === undefined) continue;
    const rare = route !== own || judgedOwn;
    judgedOwn ||= route === own;
    const gradient = route === "backprop" ? "discrete" : "continuous";
    for (const path of pathsOf(spec, solver, how, rare)) {
      await judgeGradient(device, field, { ...problem, ...solver, gradient, path }, found, {
        kind: `${path} ${gradient}`,
        name,
        expected,
        bound: BOUNDS.gradient,
      });
    }
  }
  // Two good solvers differ on kinks by as much as the bound (self_checks of the elu case).
  if (results.continuous && !["relu", "elu"].includes(spec.activation)) {
    const tight = { method: "dopri5", rtol: 1e-5, atol: 1e-5, gradient: "continuous" } as const;
    for (const path of pathsOf(spec, tight, how, true)) {
      await judgeGradient(device, field, { ...problem, ...tight, path }, found, {
        kind: `${path} converged`,
        name: "continuous",
        expected: results.continuous,
        bound: BOUNDS.converged,
      });
    }
  }
  return found;
};

interface Against {
  /** Prefix of the quantities. */
  readonly kind: string;
  readonly name: string;
  readonly expected: OracleGradient;
  readonly bound: number;
}

async function judgeGradient(
  device: Device,
  field: MlpField,
  options: SolveOptions,
  found: Findings,
  { kind, name, expected, bound }: Against,
): Promise<void> {
  const result = await solve(device, options);
  try {
    const loss = flowLoss(result.z, result.delta!, field.dim);
    const lossBound = kind.endsWith("converged") ? bound : BOUNDS.value;
    found.add(`${kind} loss`, name, Math.abs(loss / expected.loss - 1), lossBound);
    if (expected.z1) found.compare(`${kind} z`, name, result.z, expected.z1, BOUNDS.value);
    if (expected.delta_logp) {
      found.compare(`${kind} Δ`, name, result.delta!, expected.delta_logp, BOUNDS.value);
    }
    const actual: SolveGradient = await result.backward(lossCotangent(result.z, field.dim));
    found.gradient(`${kind} dz0`, name, actual.z0, expected.dL_dz0, bound);
    found.gradient(`${kind} dt0`, name, [actual.t0], expected.dL_dt0, bound);
    found.gradient(`${kind} dt1`, name, [actual.t1], expected.dL_dt1, bound);
    found.gradient(`${kind} ‖dθ‖`, name, [Math.hypot(...actual.params)], expected.dL_dparams_l2norm, bound);
    if (expected.dL_dparams) {
      const params = flatParams(field.spec, expected.dL_dparams);
      found.params(`${kind} dθ`, name, field.spec, actual.params, params, bound);
    }
  } finally {
    result.dispose();
  }
}
