/**
 * Judges a "reg" case: a solve, and the gradient of its loss with RNODE's regularisers. The cases have |εᵀJ|² where the
 * engine has |J ε|² (src/ode/regularise.ts): only in one dimension are they the same number, and the gradient judged.
 */
import { mlp } from "../../../src/field/mlp.js";
import { solve } from "../../../src/ode/solve.js";
import { fieldOf, flatParams, type RegCase } from "../../support/cases.js";
import { BOUNDS, Findings, f32, type Judge } from "./judgement.js";
import { flowLoss, lossCotangent } from "./loss.js";
import { pathsOf } from "./paths.js";

export const judgeReg: Judge<RegCase> = async (device, oracle, how = {}) => {
  const { inputs, results } = oracle;
  const { t0, t1, n, lambda_kinetic: kinetic, lambda_frobenius: jacobian } = inputs;
  const { spec, theta } = fieldOf(oracle);
  const found = new Findings();
  const field = mlp(spec);
  const solver = { method: "rk4", steps: n } as const;
  const expected = results[`backprop_rk4_${n}`];
  if (!expected) return found;
  for (const path of pathsOf(spec, solver, how)) {
    const result = await solve(device, {
      ...{ field, params: Float32Array.from(theta), z0: f32(inputs.z0), t0, t1, ...solver, path },
      trace: { kind: "hutchinson", epsilon: f32(inputs.eps) },
      gradient: "discrete",
      regularise: { kinetic, jacobian },
    });
    try {
      const nll = flowLoss(result.z, result.delta!, field.dim);
      found.add(`${path} NLL`, "", Math.abs(nll / expected.nll - 1), BOUNDS.value);
      found.compare(`${path} z`, "", result.z, expected.z1, BOUNDS.value);
      found.compare(`${path} Δ`, "", result.delta!, expected.delta_logp, BOUNDS.value);
      if (field.dim > 1) continue;
      const actual = await result.backward(lossCotangent(result.z, field.dim));
      found.gradient(`${path} dz0`, "", actual.z0, expected.dL_dz0);
      found.gradient(`${path} dt0`, "", [actual.t0], expected.dL_dt0);
      found.gradient(`${path} dt1`, "", [actual.t1], expected.dL_dt1);
      found.params(`${path} dθ`, "", spec, actual.params, flatParams(spec, expected.dL_dparams!));
    } finally {
      result.dispose();
    }
  }
  if (field.dim > 1) found.notes.push("gradient not judged: |εᵀJ|² is not |Jε|² beyond one dimension");
  return found;
};
