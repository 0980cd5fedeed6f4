import { describe, expect, test } from "vitest";
import { ACTIVATIONS, LAYER_TYPES, type MlpSpec, mlpSpec, paramCount } from "../../src/field/spec.js";
import { ArgumentError } from "../../src/gpu/errors.js";
import { evaluate, reverse } from "../../src/reference/field.js";
import {
  divergence,
  exactTrace,
  hutchinsonTrace,
  type Trace,
  traceSeeds,
} from "../../src/reference/trace.js";
import { fieldOf, flatParams, loadCases, type OracleFieldGradient, values } from "../support/cases.js";
import { relativeError } from "../support/compare.js";
import { numbers } from "./numbers.js";

// Two float64 computations of the same formulas in another order of summation.
const SAME = 1e-11;

const cases = await loadCases("field");

describe.each(cases)("$case", ({ case: name, field, inputs, results }) => {
  const { spec, theta } = fieldOf({ field });
  const { t } = inputs;
  const z = values(inputs.z);
  const batch = z.length / spec.dim;
  const exact = exactTrace(batch, spec.dim);
  // PyTorch's softplus is the identity above 20, where ours is e^-20 = 2e-9 more.
  const tolerance = name.startsWith("field_saturated_softplus") ? 3e-9 : SAME;

  test("value, Jacobian, exact trace", () => {
    const value = evaluate(spec, theta, t, z, exact.tangents);
    expect(relativeError(value.f, values(results.f))).toBeLessThan(tolerance);
    expect(relativeError(divergence(value, exact), values(results.div_exact))).toBeLessThan(tolerance);
    // jacobian[n][i][j] = ∂f_i/∂z_j is entry i of tangent j
    const jacobian = results.jacobian.data.map((_, at) => {
      const [n, i, j] = [Math.floor(at / spec.dim ** 2), Math.floor(at / spec.dim) % spec.dim, at % spec.dim];
      return value.df[j]![n * spec.dim + i]!;
    });
    expect(relativeError(jacobian, results.jacobian.data)).toBeLessThan(tolerance);
  });

  if (!inputs.v) return;
  const [v, w, c] = [values(inputs.v), values(inputs.w!), values(inputs.c!)];

  test("Hutchinson's estimates, Jv, wᵀJ, ∂f/∂t", () => {
    for (const kind of ["rademacher", "gaussian"] as const) {
      const trace = hutchinsonTrace([values(inputs[`eps_${kind}`]!)]);
      const estimate = divergence(evaluate(spec, theta, t, z, trace.tangents), trace);
      expect(relativeError(estimate, values(results[`div_hutch_${kind}`]!))).toBeLessThan(SAME);
    }
    const value = evaluate(spec, theta, t, z, [v]);
    expect(relativeError(value.df[0]!, values(results.jvp!))).toBeLessThan(SAME);
    expect(relativeError(reverse(spec, theta, value, w).z, values(results.vjp!))).toBeLessThan(SAME);
    // t̄ is summed over the batch, so each entry of ∂f/∂t is a sweep of its own.
    const dfdt = Float64Array.from(z, (_, at) => {
      const row = evaluate(spec, theta, t, z.slice(at - (at % spec.dim), at - (at % spec.dim) + spec.dim));
      const seed = new Float64Array(spec.dim);
      seed[at % spec.dim] = 1;
      return reverse(spec, theta, row, seed).t;
    });
    expect(relativeError(dfdt, values(results.df_dt!))).toBeLessThan(SAME);
  });

  const check = (expected: OracleFieldGradient, fBar: Float64Array, trace?: Trace) => {
    const value = evaluate(spec, theta, t, z, trace?.tangents);
    const back = reverse(spec, theta, value, fBar, trace && traceSeeds(trace, c));
    expect(relativeError(back.z, values(expected.z))).toBeLessThan(SAME);
    // A sum over the batch that may cancel: relative to the gradient's size, not to what is left.
    expect(Math.abs(back.t - expected.t) / (1 + Math.abs(expected.t))).toBeLessThan(SAME);
    if (expected.params) {
      expect(relativeError(back.theta, flatParams(spec, expected.params))).toBeLessThan(SAME);
    }
  };

  test("reverse sweep of the value and of both traces", () => {
    const zero = new Float64Array(z.length);
    check(results.grad_of_sum_w_f!, w);
    check(results.grad_of_sum_c_div_exact!, zero, exact);
    const probe = hutchinsonTrace([values(inputs.eps_rademacher!)]);
    check(results.grad_of_sum_c_div_hutch_rademacher!, zero, probe);
  });
});

/** Central difference of `scalar` along each coordinate of x. */
function differences(x: Float64Array, scalar: (x: Float64Array) => number): Float64Array {
  const h = 1e-5;
  return x.map((_, i) => {
    const [up, down] = [x.slice(), x.slice()];
    up[i]! += h;
    down[i]! -= h;
    return (scalar(up) - scalar(down)) / (2 * h);
  });
}

/** Every layer type with every smooth activation; every second one residual. Kinks have no second difference. */
const specs: MlpSpec[] = LAYER_TYPES.flatMap((layer) =>
  ACTIVATIONS.filter((name) => name !== "relu" && name !== "elu").map((activation, i) =>
    mlpSpec({ dim: 3, hidden: [5, 4], layer, activation, residual: i % 2 === 0 }),
  ),
);

test.each(specs)("finite differences agree: $layer $activation, residual $residual", (spec) => {
  const draw = numbers(7);
  const theta = draw(paramCount(spec), 0.7);
  const z = draw(2 * spec.dim);
  const weights = draw(2 * spec.dim);
  const traceBar = draw(2);
  const trace = hutchinsonTrace([draw(2 * spec.dim), draw(2 * spec.dim)]);
  const scalar = (at: { theta?: Float64Array; z?: Float64Array; t?: number }) => {
    const value = evaluate(spec, at.theta ?? theta, at.t ?? 0.6, at.z ?? z, trace.tangents);
    const tr = divergence(value, trace);
    return (
      value.f.reduce((s, v, j) => s + weights[j]! * v, 0) + tr.reduce((s, v, n) => s + traceBar[n]! * v, 0)
    );
  };
  const value = evaluate(spec, theta, 0.6, z, trace.tangents);
  const back = reverse(spec, theta, value, weights, traceSeeds(trace, traceBar));
  // Central differences at h = 1e-5: h² times a third derivative, and rounding of 1e-16 / h.
  const tolerance = 1e-7;
  expect(
    relativeError(
      back.theta,
      differences(theta, (x) => scalar({ theta: x })),
    ),
  ).toBeLessThan(tolerance);
  expect(
    relativeError(
      back.z,
      differences(z, (x) => scalar({ z: x })),
    ),
  ).toBeLessThan(tolerance);
  const dt = differences(Float64Array.of(0.6), (x) => scalar({ t: x[0]! }));
  expect(Math.abs(back.t - dt[0]!)).toBeLessThan(tolerance * (1 + Math.abs(dt[0]!)));
  const step = 1e-5;
  const [up, down] = [1, -1].map(
    (sign) =>
      evaluate(
        spec,
        theta,
        0.6,
        z.map((v, j) => v + sign * step * trace.tangents[0]![j]!),
      ).f,
  );
  const along = up!.map((v, j) => (v - down![j]!) / (2 * step));
  expect(relativeError(value.df[0]!, along)).toBeLessThan(tolerance);
});

test("residual subtracts z from the value and D from the trace", () => {
  const plain = mlpSpec({ dim: 2, hidden: [4], layer: "concat_v2" });
  const residual = { ...plain, residual: true };
  const theta = numbers(3)(paramCount(plain));
  const z = Float64Array.of(0.3, -1.2);
  const exact = exactTrace(1, 2);
  const [f, r] = [plain, residual].map((spec) => evaluate(spec, theta, 0.4, z, exact.tangents));
  expect([...r!.f]).toEqual([...f!.f].map((v, j) => v - z[j]!));
  // One rounding on either side.
  expect(divergence(r!, exact)[0]).toBeCloseTo(divergence(f!, exact)[0]! - 2, 14);
});

test("sizes that do not fit are errors", () => {
  const spec = mlpSpec({ dim: 2, hidden: [4] });
  const theta = new Float64Array(paramCount(spec));
  expect(() => evaluate(spec, theta.slice(1), 0, new Float64Array(2))).toThrow(ArgumentError);
  expect(() => evaluate(spec, theta, 0, new Float64Array(3))).toThrow(ArgumentError);
  expect(() => evaluate(spec, theta, 0, new Float64Array(4), [new Float64Array(2)])).toThrow(ArgumentError);
  expect(() => hutchinsonTrace([])).toThrow(ArgumentError);
});
