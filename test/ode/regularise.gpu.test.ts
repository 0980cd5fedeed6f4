/** The gradient with RNODE's regularisers, on both paths, against the float64 reference. */
import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../src/gpu/errors.js";
import type { Path } from "../../src/ode/execution.js";
import { type SolveOptions, solve } from "../../src/ode/solve.js";
import { exactTrace } from "../../src/reference/trace.js";
import { testDevice } from "../support/device.js";
import { numbers } from "../support/tensors.js";
import { gradientError, problem, referenceDiscrete, referenceTrace } from "./problems.js";

const span = { t0: 0.25, t1: 1.25 };
// Chromium compiles the fused kernels in half the time that Node takes.
const PATHS: readonly Path[] = typeof document === "undefined" ? ["layered"] : ["layered", "fused"];
// As for gradients without regularisers.
const BOUND = 2e-4;

describe.each(PATHS)("%s", (path) => {
  test("fixed steps of a residual field, both terms, the exact trace", async () => {
    const p = problem({ dim: 2, hidden: [3, 4], layer: "concatsquash", residual: true }, 3, 31);
    const { field, params, z0, cotangent } = p;
    const solver = { method: "rk4", steps: 2 } as const;
    const regularise = { kinetic: 0.3, jacobian: 0.2 };
    const options = { field, params, z0, ...span, ...solver, path, regularise } as const;
    using gpu = await solve(await testDevice(), {
      ...options,
      trace: { kind: "exact" },
      gradient: "discrete",
    });
    const back = await gpu.backward(cotangent);
    const trace = referenceTrace(p);
    expect(gradientError(back, referenceDiscrete(p, span, solver, trace, regularise))).toBeLessThan(BOUND);
    // The terms are no part of the error.
    expect(gradientError(back, referenceDiscrete(p, span, solver, trace))).toBeGreaterThan(100 * BOUND);
  });

  test("adaptive steps, both terms, given probes", async () => {
    const p = problem({ dim: 2, hidden: [3, 4], layer: "concat" }, 3, 7);
    const { field, params, z0, cotangent } = p;
    const solver = { method: "bosh3", rtol: 1e-3, atol: 1e-3 } as const;
    const regularise = { kinetic: 0.1, jacobian: 0.4 };
    const epsilon = numbers(2 * z0.length, 9);
    using gpu = await solve(await testDevice(), {
      ...{ field, params, z0, ...span, ...solver, path, regularise },
      trace: { kind: "hutchinson", epsilon },
      gradient: "discrete",
    });
    const back = await gpu.backward(cotangent);
    const expected = referenceDiscrete(p, span, solver, referenceTrace(p, epsilon), regularise);
    expect(gradientError(back, expected)).toBeLessThan(BOUND);
  });

  test("kinetic energy alone, without a trace", async () => {
    const p = problem({ dim: 2, hidden: [4] }, 3, 5);
    const { field, params, z0 } = p;
    const cotangent = { z: p.cotangent.z, delta: new Float32Array(3) };
    const solver = { method: "rk4", steps: 2 } as const;
    const regularise = { kinetic: 0.3, jacobian: 0 };
    const options: SolveOptions = { field, params, z0, ...span, ...solver, path, regularise };
    using gpu = await solve(await testDevice(), { ...options, gradient: "discrete" });
    const back = await gpu.backward(cotangent);
    const expected = referenceDiscrete({ ...p, cotangent }, span, solver, exactTrace(3, 2), regularise);
    expect(gradientError(back, expected)).toBeLessThan(BOUND);
  });
});

test("what regularisers do not go with is refused", async () => {
  const device = await testDevice();
  const { field, params, z0 } = problem({ dim: 2, hidden: [4] }, 1);
  const asked = (rest: Partial<SolveOptions>) =>
    solve(device, { field, params, z0, ...span, gradient: "discrete", regularise: { kinetic: 1 }, ...rest });
  for (const [rest, message] of [
    [{ gradient: "continuous" }, "discrete gradient only"],
    [{ gradient: undefined }, "discrete gradient only"],
    [{ regularise: { jacobian: 1 } }, "needs the probes"],
    [{ regularise: { kinetic: -1 } }, "regularise.kinetic is -1"],
    [{ regularise: { kinetic: Number.NaN } }, "regularise.kinetic is NaN"],
    [{ regularise: { kinetic: 1e39 } }, "regularise.kinetic is 1e+39"],
    [{ t1: 0 }, "back in time"],
  ] as const) {
    const error = await asked(rest as Partial<SolveOptions>).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ArgumentError);
    expect((error as Error).message).toContain(message);
  }
});
