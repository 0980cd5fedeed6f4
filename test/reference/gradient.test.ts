import { describe, expect, test } from "vitest";
import { LAYER_TYPES, type LayerType, mlpSpec, paramCount } from "../../src/field/spec.js";
import { ArgumentError } from "../../src/gpu/errors.js";
import { type AdamOptions, adamStart, adamStep } from "../../src/reference/adam.js";
import { lossGradient, negativeLogLikelihood, type ReferenceFlow } from "../../src/reference/cnf.js";
import { discreteGradient, type SolveGradient } from "../../src/reference/gradient.js";
import type { SolveOptions } from "../../src/reference/integrate.js";
import { exactTrace, hutchinsonTrace } from "../../src/reference/trace.js";
import { fieldOf, flatParams, loadCases, type OracleGradient, values } from "../support/cases.js";
import { relativeL2 } from "../support/compare.js";
import { numbers } from "./numbers.js";

const l2 = (x: Float64Array) => Math.hypot(...x);

describe.each(await loadCases("grad"))("$case", ({ case: name, field, inputs, results }) => {
  const { spec, theta } = fieldOf({ field });
  const { t0, t1, n } = inputs;
  const z0 = values(inputs.z0);
  const trace = inputs.eps
    ? hutchinsonTrace([values(inputs.eps)])
    : exactTrace(z0.length / spec.dim, spec.dim);
  const flow = (method: "euler" | "midpoint" | "rk4" | "rk38", steps = n): ReferenceFlow => ({
    spec,
    theta,
    t0,
    t1,
    options: { method, steps },
  });
  // Accumulated rounding of some hundred sweeps, but the W1shape files are printed to ten digits only.
  const same = name.endsWith("W1shape") ? 5e-9 : 1e-9;

  const check = (gradient: SolveGradient, loss: number, expected: OracleGradient, tolerance: number) => {
    expect(Math.abs(loss - expected.loss)).toBeLessThan(tolerance * Math.abs(expected.loss));
    expect(relativeL2(gradient.z0, values(expected.dL_dz0))).toBeLessThan(tolerance);
    expect(Math.abs(l2(gradient.theta) / expected.dL_dparams_l2norm - 1)).toBeLessThan(tolerance);
    if (expected.dL_dparams) {
      expect(relativeL2(gradient.theta, flatParams(spec, expected.dL_dparams))).toBeLessThan(tolerance);
    }
    // Both are sums that may cancel to nearly nothing: dL/dt0 is zero in exact arithmetic for autonomous fields.
    const size = Math.abs(expected.dL_dt0) + Math.abs(expected.dL_dt1);
    expect(Math.abs(gradient.t0 - expected.dL_dt0)).toBeLessThan(tolerance * size);
    expect(Math.abs(gradient.t1 - expected.dL_dt1)).toBeLessThan(tolerance * size);
  };

  for (const [method, solver] of [
    ["rk4", "rk4"],
    ["midpoint", "midpoint"],
    ["euler", "euler"],
  ] as const) {
    const expected = results[`backprop_${solver}_${n}`];
    if (!expected) continue;
    test(`discrete adjoint against back-propagation through ${n} steps of ${method}`, () => {
      const { loss, gradient } = lossGradient(flow(method), z0, trace);
      check(gradient, loss, expected, same);
    });
  }

  for (const [method, solver] of [
    ["rk4", "rk4"],
    ["rk38", "rk4_38"],
  ] as const) {
    const expected = results[`adjoint_${solver}_${n}`];
    if (!expected) continue;
    test(`continuous adjoint in ${n} steps of ${method}`, () => {
      const { loss, gradient } = lossGradient(flow(method), z0, trace, "continuous");
      check(gradient, loss, expected, same);
    });
  }

  test("continuous adjoint, adaptive, against the converged gradient", () => {
    const options = { method: "dopri5", rtol: 1e-8, atol: 1e-8 } as const;
    const { loss, gradient } = lossGradient({ spec, theta, t0, t1, options }, z0, trace, "continuous");
    // elu has kinks, on which two good solvers differ by 2e-4 (self_checks of the case).
    check(gradient, loss, results.continuous!, spec.activation === "elu" ? 2e-3 : 1e-6);
  });
});

/** A small flow with time-dependent everything, and its inputs. */
function smallFlow(layer: LayerType, options: SolveOptions, residual = false) {
  const draw = numbers(11);
  const spec = mlpSpec({ dim: 2, hidden: [6, 5], layer, activation: "swish", residual });
  const flow: ReferenceFlow = { spec, theta: draw(paramCount(spec), 0.8), t0: 0.2, t1: 1.1, options };
  const x = draw(6, 1.5);
  return { flow, x, trace: hutchinsonTrace([draw(6), draw(6)]) };
}

/** dL/d(θ_i for some i, z0_0, t0, t1) by central differences, steps as fractions of the interval held fixed. */
function differences(flow: ReferenceFlow, x: Float64Array, trace: ReturnType<typeof hutchinsonTrace>) {
  const { forward } = negativeLogLikelihood(flow, x, trace);
  const at = forward.solution.steps.map(({ t }) => (t - flow.t0) / (flow.t1 - flow.t0));
  const loss = (change: Partial<ReferenceFlow>, points = x) => {
    const moved = { ...flow, ...change };
    const nodes = [...at.map((w) => moved.t0 + w * (moved.t1 - moved.t0)), moved.t1];
    nodes[0] = moved.t0;
    return negativeLogLikelihood({ ...moved, options: { method: flow.options.method, nodes } }, points, trace)
      .loss;
  };
  const h = 1e-5;
  const central = (f: (d: number) => number) => (f(h) - f(-h)) / (2 * h);
  const bump = (v: Float64Array, i: number, d: number) => v.map((value, j) => (j === i ? value + d : value));
  return {
    theta: flow.theta.map((_, i) => central((d) => loss({ theta: bump(flow.theta, i, d) }))),
    z0: x.map((_, i) => central((d) => loss({}, bump(x, i, d)))),
    t0: central((d) => loss({ t0: flow.t0 + d })),
    t1: central((d) => loss({ t1: flow.t1 + d })),
  };
}

function expectClose(gradient: SolveGradient, expected: SolveGradient, tolerance: number) {
  expect(relativeL2(gradient.theta, expected.theta)).toBeLessThan(tolerance);
  expect(relativeL2(gradient.z0, expected.z0)).toBeLessThan(tolerance);
  expect(Math.abs(gradient.t0 - expected.t0)).toBeLessThan(tolerance * (1 + Math.abs(expected.t0)));
  expect(Math.abs(gradient.t1 - expected.t1)).toBeLessThan(tolerance * (1 + Math.abs(expected.t1)));
}

// Central differences at h = 1e-5, as in the field's test.
const DIFFERENCE = 1e-7;

describe.each(LAYER_TYPES)("%s", (layer) => {
  test.each([false, true])("discrete adjoint against finite differences, residual %s", (residual) => {
    const { flow, x, trace } = smallFlow(layer, { method: "rk4", steps: 3 }, residual);
    expectClose(lossGradient(flow, x, trace).gradient, differences(flow, x, trace), DIFFERENCE);
  });

  test("continuous adjoint against the discrete one where both have converged", () => {
    const { flow, x, trace } = smallFlow(layer, { method: "dopri8", steps: 40 });
    const discrete = lossGradient(flow, x, trace).gradient;
    const tight = { method: "dopri5", rtol: 1e-9, atol: 1e-10 } as const;
    expectClose(lossGradient(flow, x, trace, "continuous", tight).gradient, discrete, 1e-7);
  });
});

test.each(["heun", "bosh3", "tsit5"] as const)(
  "adaptive steps of %s: their fractions are constants",
  (method) => {
    const { flow, x, trace } = smallFlow("concatsquash", { method, rtol: 1e-3, atol: 1e-3 });
    const { forward, gradient } = lossGradient(flow, x, trace);
    // Uneven steps, or the test would not see the fractions.
    expect(new Set(forward.solution.steps.map(({ dt }) => dt.toFixed(6))).size).toBeGreaterThan(1);
    expectClose(gradient, differences(flow, x, trace), DIFFERENCE);
  },
);

test("a solve that did not finish has no gradient", () => {
  const { flow, x, trace } = smallFlow("concat", { method: "dopri5", maxSteps: 1 });
  const { forward, end } = negativeLogLikelihood(flow, x, trace);
  expect(forward.solution.status).toBe("max-steps");
  expect(() => discreteGradient(flow.spec, flow.theta, trace, forward, flow.options, end)).toThrow(
    ArgumentError,
  );
});

test.each(await loadCases("adam"))("$case", ({ field, inputs, results }) => {
  const { spec, theta } = fieldOf({ field });
  const options: AdamOptions = {
    lr: inputs.lr,
    beta1: inputs.beta1,
    beta2: inputs.beta2,
    eps: inputs.eps_adam,
    weightDecay: inputs.weight_decay_l2,
  };
  let state = adamStart(theta);
  results.steps.forEach((expected, i) => {
    const flow: ReferenceFlow = {
      spec,
      theta: state.theta,
      t0: inputs.t0,
      t1: inputs.t1,
      options: { method: "rk4", steps: inputs.n },
    };
    const trace = hutchinsonTrace([values(inputs.probes[i]!)]);
    const { loss, gradient } = lossGradient(flow, values(inputs.batches[i]!), trace);
    expect(Math.abs(loss / expected.loss_before - 1)).toBeLessThan(1e-11);
    expect(Math.abs(l2(gradient.theta) / expected.grad_l2norm - 1)).toBeLessThan(1e-9);
    state = adamStep(state, gradient.theta, options);
    // Adam divides by √v̂: where an entry of the gradient is tiny, its rounding reaches the step of size lr.
    expect(relativeL2(state.theta, flatParams(spec, expected.params_after))).toBeLessThan(1e-9);
  });
  expect(state.step).toBe(results.steps.length);
});

test("decoupled decay shrinks θ beside Adam's step, L2 goes through the moments", () => {
  const theta = Float64Array.of(2, -3);
  const zero = new Float64Array(2);
  const options = { lr: 0.1, weightDecay: 0.5 };
  // No gradient: AdamW multiplies by 1 − lr λ; L2 sees g = λθ, whose first step has the length lr.
  expect([...adamStep(adamStart(theta), zero, { ...options, decay: "decoupled" }).theta]).toEqual([
    1.9, -2.8499999999999996,
  ]);
  adamStep(adamStart(theta), zero, options).theta.forEach((v, i) => {
    expect(v).toBeCloseTo(theta[i]! - 0.1 * Math.sign(theta[i]!), 7);
  });
});
