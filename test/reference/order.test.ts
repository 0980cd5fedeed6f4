import { describe, expect, test } from "vitest";
import { LAYER_TYPES, mlpSpec, paramCount } from "../../src/field/spec.js";
import { METHOD_NAMES, METHODS, type MethodName } from "../../src/ode/methods.js";
import { integrate } from "../../src/reference/integrate.js";
import { solve } from "../../src/reference/solve.js";
import { exactTrace } from "../../src/reference/trace.js";
import { logAbsDet, regression, relativeError } from "../support/compare.js";
import { numbers } from "./numbers.js";

const T = 10;

/** Two oscillators with y(0) = (1, 0) and y(t) = (cos φ, −sin φ), y' = φ'(t) (y_1, −y_0). */
const PROBLEMS = {
  harmonic: { phase: (t: number) => t, speed: () => 1 },
  modulated: { phase: (t: number) => t + Math.sin(t) / 2, speed: (t: number) => 1 + Math.cos(t) / 2 },
} as const;
const start = Float64Array.of(1, 0);
const oscillator = (_: number, y: Float64Array) => Float64Array.of(y[1]!, -y[0]!);

/** Slope of log error over log h, over the steps whose error at T is within the window. */
function measuredOrder(problem: keyof typeof PROBLEMS, method: MethodName, window: [number, number]): number {
  const { phase, speed } = PROBLEMS[problem];
  const f = (t: number, y: Float64Array) => Float64Array.of(speed(t) * y[1]!, -speed(t) * y[0]!);
  const x: number[] = [];
  const y: number[] = [];
  for (let n = 8; x.length < 6 && n < 400_000; n = Math.ceil(n * 1.2)) {
    const end = integrate(f, 0, T, start, { method, steps: n }).y;
    const error = Math.hypot(end[0]! - Math.cos(phase(T)), end[1]! + Math.sin(phase(T)));
    if (error < window[0]) break;
    if (error > window[1]) continue;
    x.push(Math.log(T / n));
    y.push(Math.log(error));
  }
  if (x.length < 4) throw new Error(`${x.length} points within ${window}`);
  return regression(x, y).slope;
}

/**
 * Errors the line is fitted to. Below: the rounding of the sum over the steps. Above: not yet asymptotic, which
 * high orders with their long steps become later; tsit5 last, since its stability polynomial has a coefficient of
 * z⁶ within 3 % of e^z's, and what it does on oscillators looks like order 6 until h is small.
 */
function windowOf(name: MethodName): [number, number] {
  const { order } = METHODS[name];
  return [3e-13, name === "tsit5" ? 1e-10 : order === 8 ? 1e-7 : order === 5 ? 1e-6 : 1e-3];
}

test.each(METHOD_NAMES)("%s converges at its order on the modulated oscillator over T = 10", (name) => {
  expect(Math.abs(measuredOrder("modulated", name, windowOf(name)) - METHODS[name].order)).toBeLessThan(0.1);
});

test.each(METHOD_NAMES.filter((name) => name !== "dopri8"))(
  "%s converges at its order on the harmonic oscillator",
  (name) => {
    expect(Math.abs(measuredOrder("harmonic", name, windowOf(name)) - METHODS[name].order)).toBeLessThan(0.1);
  },
);

test("dopri8 is of order 9 on the harmonic oscillator as far as float64 can see", () => {
  // Its coefficient of z⁹ is within 0.13 % of 1/9!: the error term of order 8 is below rounding before it leads.
  expect(Math.abs(measuredOrder("harmonic", "dopri8", windowOf("dopri8")) - 8.9)).toBeLessThan(0.1);
});

/** Order of the values inside the steps, at times no step ends at; 4, 4, 5 where published, else Hermite's. */
test.each([
  ["rk4", 4],
  ["bosh3", 3],
  ["dopri5", 4],
  ["tsit5", 4],
  ["dopri8", 5],
] as const)("%s: values inside a step are of order %i or better", (method, order) => {
  const times = [0.123, 1.234, 2.345, 3.456];
  const errors = [8, 16, 32].map((steps) => {
    const { at } = integrate(oscillator, 0, 4, start, { method, steps, times });
    return Math.max(
      ...at.map((y, i) => Math.hypot(y[0]! - Math.cos(times[i]!), y[1]! + Math.sin(times[i]!))),
    );
  });
  const { slope } = regression(
    [0, 1, 2].map((i) => -i * Math.log(2)),
    errors.map(Math.log),
  );
  // Few, coarse steps whose phase inside the step differs: half an order of slack below.
  expect(slope).toBeGreaterThan(order - 0.5);
});

describe.each(LAYER_TYPES)("the integrated log-determinant of %s", (layer) => {
  test.each([false, true])("is log |det| of the Jacobian of the whole map, residual %s", (residual) => {
    const dim = 3;
    const draw = numbers(5);
    const spec = mlpSpec({ dim, hidden: [8, 8], layer, activation: "softplus", residual });
    const theta = draw(paramCount(spec), 1);
    const z0 = draw(dim);
    const exact = exactTrace(1, dim);
    const options = { method: "dopri5", rtol: 1e-10, atol: 1e-10 } as const;
    const joint = solve(spec, theta, exact, 0, 1, z0, options, exact.tangents);

    // Differences of a solve of fixed steps: an adaptive one may change its steps between the two.
    const fixed = { method: "dopri8", steps: 20 } as const;
    const h = 1e-5;
    const columns = exact.tangents.map((unit) => {
      const [up, down] = [h, -h].map(
        (d) =>
          solve(
            spec,
            theta,
            exact,
            0,
            1,
            z0.map((v, j) => v + d * unit[j]!),
            fixed,
          ).z,
      );
      return up!.map((v, j) => (v - down![j]!) / (2 * h));
    });
    // dΔ/dt = −tr J, so Δ(t1) = −log det. 1e-7: differences as elsewhere; tangents as accurate as the solve.
    expect(Math.abs(joint.delta[0]!)).toBeGreaterThan(0.05);
    expect(logAbsDet(columns.map((c) => [...c]))).toBeCloseTo(-joint.delta[0]!, 7);
    joint.tangents.forEach((column, i) => {
      expect(relativeError(column, columns[i]!)).toBeLessThan(1e-7);
    });
    expect(logAbsDet(joint.tangents.map((c) => [...c]))).toBeCloseTo(-joint.delta[0]!, 7);

    const back = solve(spec, theta, exact, 1, 0, joint.z, options);
    // Two solves at 1e-10, of a map that stretches little.
    expect(relativeError(back.z, z0)).toBeLessThan(1e-7);
    expect(back.delta[0]!).toBeCloseTo(-joint.delta[0]!, 7);
  });
});
