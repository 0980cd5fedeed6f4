/** Judges an "adam" case: five steps of training, each a solve, its discrete gradient and an update of θ. */
import { mlp } from "../../../src/field/mlp.js";
import { paramLayout } from "../../../src/field/spec.js";
import { solve } from "../../../src/ode/solve.js";
import { type AdamCase, fieldOf, flatParams } from "../../support/cases.js";
import { startAdam } from "./adam-update.js";
import { BOUNDS, entryError, Findings, f32, type Judge } from "./judgement.js";
import { flowLoss, lossCotangent } from "./loss.js";

export const judgeAdam: Judge<AdamCase> = async (device, oracle, how = {}) => {
  const { inputs, results } = oracle;
  const { spec, theta } = fieldOf(oracle);
  const field = mlp(spec);
  const found = new Findings();
  const adam = await startAdam(device, theta, inputs);
  try {
    let params = await adam.params();
    for (const [k, expected] of results.steps.entries()) {
      const where = `step ${k + 1}`;
      const result = await solve(device, {
        field,
        params,
        z0: f32(inputs.batches[k]!),
        t0: inputs.t0,
        t1: inputs.t1,
        method: "rk4",
        steps: inputs.n,
        trace: { kind: "hutchinson", epsilon: f32(inputs.probes[k]!) },
        gradient: "discrete",
        path: how.path,
      });
      let gradient: Float32Array;
      try {
        const loss = flowLoss(result.z, result.delta!, field.dim);
        found.add("loss", where, Math.abs(loss / expected.loss_before - 1), BOUNDS.value);
        gradient = (await result.backward(lossCotangent(result.z, field.dim))).params;
        found.gradient("‖dθ‖", where, [Math.hypot(...gradient)], expected.grad_l2norm);
      } finally {
        result.dispose();
      }
      adam.update(gradient);
      params = await adam.params();
      const after = flatParams(spec, expected.params_after);
      for (const { name, offset, size } of paramLayout(spec)) {
        const [ours, theirs] = [params, after].map((all) => all.subarray(offset, offset + size));
        found.add("θ", `${where}, ${name}`, entryError(ours!, theirs!), BOUNDS.adam);
      }
    }
  } finally {
    adam.dispose();
  }
  return found;
};
