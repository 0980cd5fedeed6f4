/** The adjoints over the table of methods, over adaptive steps, backward in time and over an empty interval. */
import { describe, expect, test } from "vitest";
import { METHOD_NAMES, METHODS } from "../../src/ode/methods.js";
import { solve } from "../../src/ode/solve.js";
import { relativeError } from "../support/compare.js";
import { testDevice } from "../support/device.js";
import { numbers } from "../support/tensors.js";
import {
  differences,
  gradientError,
  problem,
  referenceContinuous,
  referenceDiscrete,
  referenceSolve,
  referenceTrace,
} from "./problems.js";

const p = problem({ dim: 2, hidden: [5], activation: "tanh" }, 3, 51);
const { field, params, z0, cotangent } = p;
const epsilon = numbers(2 * z0.length, 5);
const exact = { field, params, z0, trace: { kind: "exact" } } as const;
const adaptiveMethods = METHOD_NAMES.filter((name) => METHODS[name].embeddedOrder !== undefined);

describe.each(METHOD_NAMES)("%s in fixed steps", (method) => {
  const span = { t0: -0.5, t1: 0.5 };
  const options = { method, steps: 3 };

  test("has the discrete gradient of the reference, with two probes", async () => {
    const trace = referenceTrace(p, epsilon);
    using gpu = await solve(await testDevice(), {
      ...exact,
      trace: { kind: "hutchinson", epsilon },
      ...span,
      ...options,
      gradient: "discrete",
    });
    const forward = referenceSolve(p, span, options, trace);
    expect(relativeError(gpu.z, forward.z)).toBeLessThan(3e-5);
    expect(relativeError(gpu.delta!, forward.delta)).toBeLessThan(3e-5);
    const back = await gpu.backward(cotangent);
    expect(back.status).toBe("ok");
    expect(gradientError(back, referenceDiscrete(p, span, options, trace))).toBeLessThan(2e-4);
  });

  test("has the continuous gradient of the reference", async () => {
    const trace = referenceTrace(p);
    using gpu = await solve(await testDevice(), { ...exact, ...span, ...options, gradient: "continuous" });
    const back = await gpu.backward(cotangent);
    expect(gradientError(back, referenceContinuous(p, span, options, trace))).toBeLessThan(2e-4);
  });
});

describe.each(adaptiveMethods)("%s in adaptive steps", (method) => {
  test.each([
    [0, 1],
    [1, -0.5],
  ])("has the discrete gradient of its own steps, from %d to %d", async (t0, t1) => {
    const options = { method, rtol: 1e-3, atol: 1e-3 };
    using gpu = await solve(await testDevice(), { ...exact, t0, t1, ...options, gradient: "discrete" });
    expect(gpu.status).toBe("ok");
    const back = await gpu.backward(cotangent);
    const { steps } = await solve(await testDevice(), { ...exact, t0, t1, ...options, record: "steps" });
    expect(steps.length).toBe(gpu.stats.accepted);
    // The reference repeats the steps that the GPU chose; each is known to f32.
    const nodes = [t0, ...steps.slice(1).map(({ t }) => t), t1];
    const repeated = { method, nodes };
    const trace = referenceTrace(p);
    expect(gradientError(back, referenceDiscrete(p, { t0, t1 }, repeated, trace))).toBeLessThan(2e-4);
  });
});

describe("adaptive gradients with dopri5 at 1e-5", () => {
  const span = { t0: 0, t1: 1 };
  const options = { ...exact, ...span, rtol: 1e-5, atol: 1e-5 };
  const converged = differences(p, span, { method: "rk4", steps: 40 }, referenceTrace(p));

  test("agree with differences of a converged solve, discrete and continuous", async () => {
    for (const gradient of ["discrete", "continuous"] as const) {
      using gpu = await solve(await testDevice(), { ...options, gradient });
      expect(gradientError(await gpu.backward(cotangent), converged)).toBeLessThan(2e-3);
    }
  });

  test("the continuous one may have a method and tolerances of its own", async () => {
    using gpu = await solve(await testDevice(), {
      ...options,
      method: "rk4",
      steps: 20,
      gradient: { kind: "continuous", method: "tsit5", steps: undefined, rtol: 1e-3, atol: 1e-3 },
    });
    const loose = await gpu.backward(cotangent);
    expect(loose.stats.accepted).toBeLessThan(20);
    // 20 tolerances.
    expect(gradientError(loose, converged)).toBeLessThan(2e-2);
  });

  test("dL/dΔ may be left out, and backward called again gives the same bits", async () => {
    using gpu = await solve(await testDevice(), { ...options, gradient: "discrete" });
    const first = await gpu.backward(cotangent);
    const without = await gpu.backward({ z: cotangent.z });
    const again = await gpu.backward(cotangent);
    expect(again.params).toEqual(first.params);
    expect([...again.z0, again.t0, again.t1]).toEqual([...first.z0, first.t0, first.t1]);
    const none = { ...p, cotangent: { z: cotangent.z, delta: new Float32Array(p.batch) } };
    const expected = differences(none, span, { method: "rk4", steps: 40 }, referenceTrace(p));
    expect(gradientError(without, expected)).toBeLessThan(2e-3);
  });
});

describe.each([{ steps: 4 }, {}])("over an empty interval, %o", (options) => {
  test.each(["discrete", "continuous"] as const)(
    "the state stays and the %s gradient is that of the identity",
    async (gradient) => {
      using gpu = await solve(await testDevice(), { ...exact, t0: 0.5, t1: 0.5, ...options, gradient });
      expect(gpu.status).toBe("ok");
      expect(gpu.t).toBe(0.5);
      expect(gpu.z).toEqual(z0);
      expect([...gpu.delta!].map(Math.abs)).toEqual([0, 0, 0]);
      const back = await gpu.backward(cotangent);
      expect(back.z0).toEqual(cotangent.z);
      expect(Math.max(...back.params.map(Math.abs))).toBe(0);
      // dL/dt1 = −dL/dt0 = a·f − a_Δ tr: what a slightly longer interval would change.
      const nearby = { t0: 0.5 - 1e-6, t1: 0.5 + 1e-6 };
      const expected = referenceDiscrete(p, nearby, { method: "rk4", steps: 1 }, referenceTrace(p));
      expect(Math.abs(back.t1 - expected.t1)).toBeLessThan(2e-4 * Math.abs(expected.t1));
      expect(Math.abs(back.t0 + back.t1)).toBeLessThan(2e-4 * Math.abs(expected.t1));
    },
  );
});
