/** The two directions of a flow, its samples and its trajectories. */
import { describe, expect, test } from "vitest";
import { type CnfOptions, cnf } from "../../src/cnf/index.js";
import { mlp } from "../../src/field/mlp.js";
import { PURPOSE, randomNormal } from "../../src/tensor/random.js";
import { relativeError } from "../support/compare.js";
import { testDevice } from "../support/device.js";
import { numbers } from "../support/tensors.js";
import { bentField, referenceInverse, scaling } from "./problems.js";

const { field, params } = bentField({ dim: 2, hidden: [6, 5] }, 0.7);
const standardisation = scaling(2);
const adaptive: CnfOptions = { field, params, standardisation, rtol: 1e-5, atol: 1e-5 };
const fixed: CnfOptions = { field, params, standardisation, method: "rk4", steps: 8 };
const LOG_2_PI = Math.log(2 * Math.PI);

describe.each([
  ["adaptive", adaptive],
  ["fixed", fixed],
] as const)("in %s steps", (_, options) => {
  const points = numbers(2 * 9, 21);

  test("data → base → data comes back, and the determinants cancel", async () => {
    using flow = cnf(await testDevice(), options);
    const there = await flow.transform(points);
    const back = await flow.inverse(there.z);
    // 20 rtol; rk4 in steps of 1/8 is closer still to reversible.
    expect(relativeError(back.x, points)).toBeLessThan(2e-4);
    const opposite = back.logDet.map((value) => -value);
    expect(relativeError(opposite, there.logDet)).toBeLessThan(2e-4);
  });

  test("from a time on the way to the base and back, with the steps of a trajectory between", async () => {
    using flow = cnf(await testDevice(), options);
    const at = 0.4;
    const there = await flow.transform(points, { at });
    const back = await flow.inverse(there.z, { at });
    expect(relativeError(back.x, points)).toBeLessThan(2e-4);
    expect(
      relativeError(
        back.logDet.map((value) => -value),
        there.logDet,
      ),
    ).toBeLessThan(2e-4);
    // By dense output, see below.
    const [passed] = await flow.trajectory(there.z, [at]);
    expect(relativeError(passed!, points)).toBeLessThan(1e-3);
  });

  test("log p is log N plus the log-determinant", async () => {
    using flow = cnf(await testDevice(), options);
    const [logProb, { z, logDet }] = await Promise.all([flow.logProb(points), flow.transform(points)]);
    const expected = logDet.map((value, n) => value - (z[2 * n]! ** 2 + z[2 * n + 1]! ** 2) / 2 - LOG_2_PI);
    // The same solve, summed in another order.
    expect(relativeError(logProb, expected)).toBeLessThan(1e-6);
  });

  test("samples are base points of the seed carried to data", async () => {
    using flow = cnf(await testDevice(), options);
    const samples = await flow.sample(6, { seed: 9 });
    const base = randomNormal(12, { seed: 9, purpose: PURPOSE.base, step: 0 });
    expect(relativeError(samples, referenceInverse(options, params, base))).toBeLessThan(2e-4);
    expect(relativeError((await flow.inverse(base)).x, samples)).toBeLessThan(2e-4);
  });

  test("a trajectory begins at the base and ends as a sample", async () => {
    using flow = cnf(await testDevice(), options);
    const base = numbers(2 * 5, 22);
    const times = [1, 0.75, 0.3, 0];
    const frames = await flow.trajectory(base, times);
    expect(frames.map((frame) => frame.length)).toEqual([10, 10, 10, 10]);
    const { mean, std } = standardisation;
    const start = base.map((value, i) => value * std[i % 2]! + mean[i % 2]!);
    expect(relativeError(frames[0]!, start)).toBeLessThan(1e-6);
    const { x } = await flow.inverse(base);
    expect(relativeError(frames[3]!, x)).toBeLessThan(2e-4);
    for (const [i, t] of times.slice(0, 3).entries()) {
      const expected = referenceInverse(options, params, base, t);
      // Between steps by dense output: as good as the tolerance, or as the cubic over a step of 1/8.
      expect(relativeError(frames[i]!, expected)).toBeLessThan(1e-3);
    }
  });

  test("times of a trajectory may come in any order, and twice", async () => {
    using flow = cnf(await testDevice(), options);
    const base = numbers(2 * 3, 23);
    const [a, b, c] = await flow.trajectory(base, [0.2, 0.9, 0.2]);
    const [d, e] = await flow.trajectory(base, [0.9, 0.2]);
    expect(a).toEqual(e);
    expect(b).toEqual(d);
    expect(c).toEqual(a);
  });
});

describe("sampling", () => {
  test("depends on the seed alone; a larger sample continues a smaller one", async () => {
    using flow = cnf(await testDevice(), fixed);
    const samples = await flow.sample(8, { seed: 1 });
    expect(samples.length).toBe(16);
    expect(await flow.sample(8, { seed: 1 })).toEqual(samples);
    expect(await flow.sample(8, { seed: 2 })).not.toEqual(samples);
    expect(await flow.sample(3, { seed: 1 })).toEqual(samples.slice(0, 6));
    expect(await flow.sample(3)).toEqual(await flow.sample(3, { seed: 0 }));
  });

  test("of a linear field gives the moments of its Gaussian", async () => {
    // f = A z + b with A = diag(ln 2, −ln 2), b = 0: T = 1 halves the first column of data and doubles the second.
    const linear = mlp({ dim: 2, hidden: [2], layer: "ignore", activation: "identity" });
    const theta = new Float32Array([1, 0, 0, 1, 0, 0, Math.LN2, 0, 0, -Math.LN2, 0, 0]);
    using flow = cnf(await testDevice(), { field: linear, params: theta, standardisation });
    const n = 4000;
    const x = await flow.sample(n, { seed: 4 });
    for (const [d, factor] of [0.5, 2].entries()) {
      const column = Array.from({ length: n }, (_, i) => x[2 * i + d]!);
      const std = factor * standardisation.std[d]!;
      const mean = column.reduce((sum, v) => sum + v, 0) / n;
      const variance = column.reduce((sum, v) => sum + (v - mean) ** 2, 0) / n;
      // Four standard errors: σ/√n of a mean, √(2/n) of a variance's ratio.
      expect(Math.abs(mean - standardisation.mean[d]!)).toBeLessThan((4 * std) / Math.sqrt(n));
      expect(Math.abs(variance / std ** 2 - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    }
    // Its log-density is known in closed form.
    const at = new Float32Array([0.4, -1]);
    const s = [(0.4 - 0.5) / 0.125, (-1 - -2) / 6];
    const expected = -(s[0]! ** 2 + s[1]! ** 2) / 2 - LOG_2_PI - Math.log(0.125 * 6);
    expect(Math.abs((await flow.logProb(at))[0]! - expected)).toBeLessThan(1e-4);
    // On the way, at t, the columns are scaled by 2^(t − 1) and 2^(1 − t); at T nothing is left to do.
    for (const t of [0.25, 0.7, 1]) {
      const late = [(0.4 - 0.5) / (0.25 * 2 ** (t - 1)), (-1 - -2) / (3 * 2 ** (1 - t))];
      const density = -(late[0]! ** 2 + late[1]! ** 2) / 2 - LOG_2_PI - Math.log(0.25 * 3);
      expect(Math.abs((await flow.logProb(at, { at: t }))[0]! - density)).toBeLessThan(1e-4);
    }
  });
});

describe("T", () => {
  test.each([0.7, 1.3])("T = %d ends a trajectory there, as given", async (T) => {
    using flow = cnf(await testDevice(), { ...fixed, T });
    expect(await flow.T()).toBe(Math.fround(T));
    const base = numbers(4, 24);
    const [start] = await flow.trajectory(base, [T, 0]);
    const { mean, std } = standardisation;
    expect(
      relativeError(
        start!,
        base.map((v, i) => v * std[i % 2]! + mean[i % 2]!),
      ),
    ).toBeLessThan(1e-6);
  });
});
