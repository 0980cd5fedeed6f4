/** Both gradients of a solve, for every layer type and activation: against the reference and against differences. */
import { describe, expect, test } from "vitest";
import { ACTIVATIONS, LAYER_TYPES, type MlpOptions } from "../../src/field/spec.js";
import { solve } from "../../src/ode/solve.js";
import { relativeError } from "../support/compare.js";
import { testDevice } from "../support/device.js";
import {
  differences,
  gradientError,
  problem,
  referenceContinuous,
  referenceDiscrete,
  referenceSolve,
  referenceTrace,
} from "./problems.js";

const span = { t0: 0.25, t1: 1.25 };
const fixed = { method: "rk4", steps: 6 } as const;

/**
 * The discrete and the continuous gradient of a solve: each against the reference's of the same kind (2e-4), and
 * both against differences (2e-3, of which the six steps of RK4 take nearly all where the field is smooth).
 */
async function checkSolve(options: MlpOptions) {
  const device = await testDevice();
  const p = problem(options, 2, 31);
  const { field, params, z0, cotangent } = p;
  const trace = referenceTrace(p);
  const common = { field, params, z0, ...span, ...fixed, trace: { kind: "exact" } } as const;
  const forward = referenceSolve(p, span, fixed, trace);
  const slopes = differences(p, span, fixed, trace);
  const kinks = field.spec.activation === "relu" || field.spec.activation === "elu";
  for (const gradient of ["discrete", "continuous"] as const) {
    using gpu = await solve(device, { ...common, gradient });
    expect(relativeError(gpu.z, forward.z)).toBeLessThan(3e-5);
    expect(relativeError(gpu.delta!, forward.delta)).toBeLessThan(3e-5);
    const back = await gpu.backward(cotangent);
    const reference = gradient === "discrete" ? referenceDiscrete : referenceContinuous;
    expect(gradientError(back, reference(p, span, fixed, trace))).toBeLessThan(2e-4);
    // Backward in time the steps of a solve meet a kink elsewhere: there only the discrete gradient is exact.
    if (gradient === "discrete" || !kinks) expect(gradientError(back, slopes)).toBeLessThan(2e-3);
  }
}

describe("gradients of a solve with RK4", () => {
  test.each(LAYER_TYPES)("of %s", (layer) =>
    checkSolve({ dim: 2, hidden: [3, 4], layer, activation: "softplus" }),
  );

  test.each(LAYER_TYPES)("of %s as a residual", (layer) =>
    checkSolve({ dim: 2, hidden: [4], layer, residual: true }),
  );

  test.each(ACTIVATIONS)("of %s", (activation) => checkSolve({ dim: 2, hidden: [3, 4], activation }));
});
