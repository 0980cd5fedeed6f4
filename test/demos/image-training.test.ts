/** What the image page's regularisers do in its training. */
import { expect, test } from "vitest";
import { PRESETS } from "../../demos/image/config.js";
import { trainingOf } from "../../demos/image/training.js";
import { REGULARISERS } from "../../demos/shared/regularisers.js";
import { cnf } from "../../src/cnf/index.js";
import { moons } from "../../src/data/index.js";
import { mlp } from "../../src/field/mlp.js";
import { regularity } from "../../src/reference/regularise.js";
import { solve } from "../../src/reference/solve.js";
import { exactTrace } from "../../src/reference/trace.js";
import { testDevice } from "../support/device.js";

test("both arrive: each makes its own integral along the paths smaller", async () => {
  const field = mlp({ dim: 2, hidden: [8] });
  const set = moons({ rows: 600, heldOut: 0 });
  const solver = { method: "rk4", steps: 2 } as const;
  const standardisation = { mean: Float32Array.of(0, 0), std: Float32Array.of(1, 1) };
  const end = new AbortController().signal;
  const x = Float64Array.from(set.points.subarray(0, 128));
  const integrals = async (changes: { kinetic?: number; jacobian?: number }) => {
    const flow = cnf(await testDevice(), { field, seed: 1, standardisation, ...solver });
    try {
      const config = { ...PRESETS.software, seed: 1, warm: 1, steps: 30, batch: 64, lr: 0.02, ...changes };
      for await (const { step } of trainingOf(flow, set, config, true, end)) expect(step).toBeLessThan(32);
      const [theta, trace] = [Float64Array.from(await flow.params()), exactTrace(64, 2)];
      const { kinetic, jacobian } = regularity(
        field.spec,
        theta,
        trace,
        solve(field.spec, theta, trace, 0, 1, x, solver),
        "rk4",
      );
      const mean = (values: Float64Array) => values.reduce((sum, v) => sum + v, 0) / 64;
      return { kinetic: mean(kinetic), jacobian: mean(jacobian) };
    } finally {
      flow.dispose();
    }
  };
  const without = await integrals({});
  for (const { key } of REGULARISERS) {
    const regularised = await integrals({ [key]: 10 });
    // Measured: 0.38 and 0.03 of kinetic energy, 0.091 and 0.017 of the Jacobian.
    expect(regularised[key], key).toBeLessThan(0.5 * without[key]);
  }
});
