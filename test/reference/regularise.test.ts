/** RNODE's regularisers in float64: against cases of an independent implementation, and against differences. */
import { describe, expect, test } from "vitest";
import { mlpSpec, paramCount } from "../../src/field/spec.js";
import { lossGradient, negativeLogLikelihood, type ReferenceFlow } from "../../src/reference/cnf.js";
import { penalty, regularity } from "../../src/reference/regularise.js";
import { hutchinsonTrace } from "../../src/reference/trace.js";
import { fieldOf, flatParams, loadCases, values } from "../support/cases.js";
import { relativeL2 } from "../support/compare.js";
import { numbers } from "./numbers.js";

// Sums of some hundred sweeps in float64.
const SAME = 1e-9;

describe.each(await loadCases("reg"))("$case", ({ field, inputs, results }) => {
  const { spec, theta } = fieldOf({ field });
  const { t0, t1, n, lambda_kinetic: kinetic, lambda_frobenius: jacobian } = inputs;
  const method = "rk4" as const;
  const flow: ReferenceFlow = { spec, theta, t0, t1, options: { method, steps: n } };
  const trace = hutchinsonTrace([values(inputs.eps)]);
  const expected = results[`backprop_rk4_${n}`]!;
  // The cases have |εᵀJ|², which is |J ε|² in one dimension only.
  const whole = spec.dim === 1;

  test("integrals and gradient", () => {
    const regularise = { kinetic, jacobian };
    const run = lossGradient(flow, values(inputs.z0), trace, "discrete", flow.options, regularise);
    const integrals = regularity(spec, theta, trace, run.forward, method);
    expect(run.loss / expected.nll - 1).toBeCloseTo(0, 11);
    expect(relativeL2(integrals.kinetic, values(expected.kinetic))).toBeLessThan(SAME);
    expect(relativeL2(integrals.jacobian, values(expected.frobenius)) < SAME).toBe(whole);
    if (!whole) return;
    expect((run.loss + penalty(integrals, regularise)) / expected.loss - 1).toBeCloseTo(0, 11);
    expect(relativeL2(run.gradient.theta, flatParams(spec, expected.dL_dparams!))).toBeLessThan(SAME);
    expect(relativeL2(run.gradient.z0, values(expected.dL_dz0))).toBeLessThan(SAME);
    expect(relativeL2([run.gradient.t0, run.gradient.t1], [expected.dL_dt0, expected.dL_dt1])).toBeLessThan(
      SAME,
    );
  });
});

test.each([
  { method: "rk4", steps: 3 },
  { method: "tsit5", rtol: 1e-3, atol: 1e-3 },
] as const)("the gradient against differences, $method", (options) => {
  const draw = numbers(17);
  const spec = mlpSpec({ dim: 2, hidden: [5], layer: "concatsquash", activation: "swish", residual: true });
  const flow: ReferenceFlow = { spec, theta: draw(paramCount(spec), 0.8), t0: 0.2, t1: 1.1, options };
  const x = draw(6, 1.5);
  const trace = hutchinsonTrace([draw(6), draw(6)]);
  const regularise = { kinetic: 0.3, jacobian: 0.2 };
  const { forward, gradient } = lossGradient(flow, x, trace, "discrete", options, regularise);
  // Steps keep their fractions of the interval.
  const at = forward.solution.steps.map(({ t }) => (t - flow.t0) / (flow.t1 - flow.t0));
  const loss = (change: Partial<ReferenceFlow>, points = x) => {
    const moved = { ...flow, ...change };
    const nodes = [...at.map((w) => moved.t0 + w * (moved.t1 - moved.t0)), moved.t1];
    nodes[0] = moved.t0;
    const solver = { method: options.method, nodes };
    const result = negativeLogLikelihood({ ...moved, options: solver }, points, trace);
    const integrals = regularity(spec, moved.theta, trace, result.forward, options.method);
    return result.loss + penalty(integrals, regularise);
  };
  const h = 1e-5;
  const central = (f: (d: number) => number) => (f(h) - f(-h)) / (2 * h);
  const bump = (v: Float64Array, i: number, d: number) => v.map((value, j) => (j === i ? value + d : value));
  const slopes = flow.theta.map((_, i) => central((d) => loss({ theta: bump(flow.theta, i, d) })));
  expect(relativeL2(gradient.theta, slopes)).toBeLessThan(1e-7);
  expect(
    relativeL2(
      gradient.z0,
      x.map((_, i) => central((d) => loss({}, bump(x, i, d)))),
    ),
  ).toBeLessThan(1e-7);
  const ends = [central((d) => loss({ t0: flow.t0 + d })), central((d) => loss({ t1: flow.t1 + d }))];
  expect(relativeL2([gradient.t0, gradient.t1], ends)).toBeLessThan(1e-7);
});
