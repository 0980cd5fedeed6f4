/** log p against the float64 reference, and as a density: it integrates to one. */
import { describe, expect, test } from "vitest";
import { type CnfOptions, cnf } from "../../src/cnf/index.js";
import { mlp } from "../../src/field/mlp.js";
import { relativeError } from "../support/compare.js";
import { testDevice } from "../support/device.js";
import { numbers } from "../support/tensors.js";
import { bentField, grid2d, referenceLogProb, scaling } from "./problems.js";

const plane = bentField({ dim: 2, hidden: [6, 5] });
const space = bentField({ dim: 3, hidden: [7], layer: "concat", activation: "softplus" });

const solvers = [
  ["rk4 in 5 steps", { method: "rk4", steps: 5 }],
  ["dopri5 in 3 steps", { method: "dopri5", steps: 3 }],
  ["dopri5, adaptive", { rtol: 1e-5, atol: 1e-5 }],
  ["bosh3, adaptive, PI", { method: "bosh3", rtol: 1e-5, atol: 1e-5, controller: "PI" }],
] as const;

describe.each(solvers)("log p with %s", (_, solver) => {
  // Fixed steps: the bound of a solve's z and Δ, three times for their sum. Adaptive: 20 rtol and the f32 floor.
  const bound = "steps" in solver ? 1e-4 : 2e-4;

  test.each([
    ["a plane", plane, 1, false],
    ["a plane, standardised, T = 0.7", plane, 0.7, true],
    ["space, standardised", space, 1, true],
  ] as const)("in %s is that of the reference", async (_, { field, params }, T, scaled) => {
    const { dim } = field;
    const options: CnfOptions = { field, params, T, ...solver };
    if (scaled) options.standardisation = scaling(dim);
    const points = numbers(7 * dim, 11, 2);
    using flow = cnf(await testDevice(), options);
    const expected = referenceLogProb(options, params, points);
    expect(relativeError(await flow.logProb(points), expected.logProb)).toBeLessThan(bound);
    const { z, logDet } = await flow.transform(points);
    expect(relativeError(z, expected.z)).toBeLessThan(bound);
    expect(relativeError(logDet, expected.logDet)).toBeLessThan(bound);
  });
});

describe("Hutchinson's trace in log p", () => {
  const { field, params } = space;
  const points = numbers(4 * 3, 12);
  const options: CnfOptions = { field, params, method: "rk4", steps: 4, standardisation: scaling(3) };

  test("with given probes is that of the reference", async () => {
    const epsilon = numbers(2 * points.length, 13);
    using flow = cnf(await testDevice(), options);
    const actual = await flow.logProb(points, { trace: { kind: "hutchinson", epsilon } });
    const expected = referenceLogProb(options, params, points, epsilon);
    expect(relativeError(actual, expected.logProb)).toBeLessThan(1e-4);
  });

  test("with orthogonal probes, as many as dimensions, is the exact one", async () => {
    using flow = cnf(await testDevice(), {
      ...options,
      trace: { kind: "hutchinson", distribution: "orthogonal", probes: 3 },
    });
    const exact = await flow.logProb(points, { trace: { kind: "exact" } });
    // Probes that are orthogonal to a few ulp.
    expect(relativeError(await flow.logProb(points), exact)).toBeLessThan(1e-5);
  });

  test("is the same for the same seed, another for another, and right on average", async () => {
    using flow = cnf(await testDevice(), options);
    const trace = (seed: number, probes = 1) => ({ trace: { kind: "hutchinson", seed, probes } }) as const;
    const first = await flow.logProb(points, trace(5));
    expect(await flow.logProb(points, trace(5))).toEqual(first);
    expect(await flow.logProb(points, trace(6))).not.toEqual(first);
    // 1,024 Rademacher probes: a standard error of at most ‖J‖_F √(2/1024), here about 0.1 at the very most.
    const exact = await flow.logProb(points);
    const many = await flow.logProb(points, trace(7, 1024));
    many.forEach((value, n) => {
      expect(Math.abs(value - exact[n]!)).toBeLessThan(0.1);
    });
  });
});

describe("the mass of a density", () => {
  test("untrained, on a plane, is 1", async () => {
    using flow = cnf(await testDevice(), {
      field: mlp({ dim: 2, hidden: [8] }),
      seed: 3,
      steps: 4,
      method: "rk4",
    });
    const { points, area } = grid2d(6, 60);
    const sum = (await flow.logProb(points)).reduce((total, value) => total + Math.exp(value), 0);
    // Midpoint sums of smooth densities converge fast; the rest is the tail outside, below 1e-4.
    expect(Math.abs(sum * area - 1)).toBeLessThan(2e-3);
  });

  test("far from the base and standardised, on a plane, is 1", async () => {
    const { field, params } = bentField({ dim: 2, hidden: [8] }, 0.8, 4);
    const standardisation = { mean: new Float32Array([0.3, -0.2]), std: new Float32Array([0.5, 1.4]) };
    using flow = cnf(await testDevice(), { field, params, standardisation, steps: 8, method: "rk4" });
    const { points, area } = grid2d(10, 120);
    const sum = (await flow.logProb(points)).reduce((total, value) => total + Math.exp(value), 0);
    expect(Math.abs(sum * area - 1)).toBeLessThan(0.01);
  });

  test("on a line is 1", async () => {
    const { field, params } = bentField({ dim: 1, hidden: [8], layer: "concat" }, 1.5, 2);
    using flow = cnf(await testDevice(), { field, params, rtol: 1e-5, atol: 1e-5 });
    const cells = 2000;
    const width = 24 / cells;
    const points = Float32Array.from({ length: cells }, (_, i) => -12 + (i + 0.5) * width);
    const sum = (await flow.logProb(points)).reduce((total, value) => total + Math.exp(value), 0);
    expect(Math.abs(sum * width - 1)).toBeLessThan(2e-3);
  });
});
