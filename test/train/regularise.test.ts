/** What RNODE's kinetic regulariser (arXiv:2002.02798) does to a flow that is trained with it. */
import { expect, test } from "vitest";
import { moons } from "../../src/data/index.js";
import { standardisation, standardise } from "../../src/data/standardise.js";
import { regularity } from "../../src/reference/regularise.js";
import { solve } from "../../src/reference/solve.js";
import { exactTrace } from "../../src/reference/trace.js";
import { PLANE, RK4, trained } from "./problems.js";

test("paths have less kinetic energy with it than without", async () => {
  const data = moons({ rows: 64, heldOut: 0 });
  const x = Float64Array.from(standardise(data.points, standardisation(data.points, 2)));
  const energy = async (kinetic: number) => {
    const options = { steps: 40, batch: 64, lr: 0.02, reportEvery: 40, regularise: { kinetic } };
    const { params } = await trained({ field: PLANE, seed: 1, ...RK4 }, data, options);
    const [theta, trace] = [Float64Array.from(params), exactTrace(64, 2)];
    const forward = solve(PLANE.spec, theta, trace, 0, 1, x, RK4);
    const { kinetic: energies } = regularity(PLANE.spec, theta, trace, forward, RK4.method);
    return energies.reduce((sum, v) => sum + v, 0) / 64;
  };
  // Measured: 0.30 and 0.05, by either path.
  expect(await energy(1)).toBeLessThan(0.5 * (await energy(0)));
});
