/** Tangents carried through a solve are the Jacobian of the whole map, and Δ is minus its log-determinant. */
import { describe, expect, test } from "vitest";
import { LAYER_TYPES } from "../../src/field/spec.js";
import { solve } from "../../src/ode/solve.js";
import { logAbsDet, relativeError } from "../support/compare.js";
import { testDevice } from "../support/device.js";
import { problem, referenceSolve, referenceTrace } from "./problems.js";

const dim = 3;
const batch = 2;
const span = { t0: 0, t1: 1 };

describe.each(LAYER_TYPES)("%s", (layer) => {
  test.each([
    [false, { method: "rk4", steps: 20 }],
    [false, { method: "dopri5", rtol: 1e-6, atol: 1e-6 }],
    [true, { method: "rk4", steps: 20 }],
    [true, { method: "dopri5", rtol: 1e-6, atol: 1e-6 }],
  ] as const)("log |det| of the map is the integrated trace, residual %s, %o", async (residual, options) => {
    const p = problem({ dim, hidden: [8, 6], layer, activation: "softplus", residual }, batch, 5);
    const { field, params, z0 } = p;
    const exact = referenceTrace(p);
    const { tangents, delta, z } = await solve(await testDevice(), {
      field,
      params,
      z0,
      ...span,
      ...options,
      trace: { kind: "exact" },
      tangents: Float32Array.from(exact.tangents.flatMap((unit) => [...unit])),
    });
    const truth = referenceSolve(p, span, { method: "dopri8", steps: 40 }, exact, exact.tangents);
    // The Jacobian and Δ of a step are derivative and quadrature of the same stages: equal up to the step's error.
    for (let row = 0; row < batch; row++) {
      const columns = Array.from({ length: dim }, (_, k) => [
        ...tangents!.subarray((k * batch + row) * dim, (k * batch + row + 1) * dim),
      ]);
      expect(Math.abs(truth.delta[row]!)).toBeGreaterThan(0.01);
      expect(Math.abs(logAbsDet(columns) + delta![row]!)).toBeLessThan(1e-3);
    }
    // 20 times the tolerance, and rounding; 20 steps of RK4 are closer than that.
    expect(relativeError(z, truth.z)).toBeLessThan(3e-5);
    expect(relativeError(delta!, truth.delta)).toBeLessThan(1e-4);
    expect(
      relativeError(
        tangents!,
        truth.tangents.flatMap((column) => [...column]),
      ),
    ).toBeLessThan(1e-4);
  });
});

test("tangents do not change the steps of an adaptive solve", async () => {
  const { field, params, z0 } = problem({ dim: 2, hidden: [6] }, 3, 8);
  const options = { field, params, z0, ...span, record: "steps" } as const;
  const device = await testDevice();
  const without = await solve(device, options);
  const large = new Float32Array(2 * z0.length).fill(1e4);
  const beside = await solve(device, { ...options, tangents: large });
  expect(beside.steps).toEqual(without.steps);
  expect(beside.z).toEqual(without.z);
});
