/** Flow matching in float64 against its definition row by row, and its gradient against differences. */
import { describe, expect, test } from "vitest";
import { fromPoints, standardisation, standardise } from "../../src/data/index.js";
import { initialParams } from "../../src/field/mlp.js";
import { mlpSpec } from "../../src/field/spec.js";
import { ArgumentError } from "../../src/gpu/errors.js";
import { type Matches, matchGradient } from "../../src/reference/match.js";
import { PURPOSE, randomIndices, randomNormal, randomUniform } from "../../src/tensor/random.js";
import { relativeL2 } from "../support/compare.js";
import { matchStep } from "../train/match-reference.js";
import { numbers as stream } from "./numbers.js";

const spec = mlpSpec({ dim: 2, hidden: [5, 4], activation: "swish" });
const theta = initialParams(spec, 3);
const numbers = (count: number, seed: number) => stream(seed)(count);

describe("flow matching", () => {
  test("is the sum over rows that the GPU's step is tested against", () => {
    const points = numbers(80, 7).map((v, i) => (1 + (i % 2)) * v + 1);
    const data = fromPoints(points, 2, { heldOutFraction: 0 });
    const [batch, group, seed, step, T] = [37, 16, 5, 2, 0.7];
    const key = (purpose: number) => ({ seed, purpose, step });
    const rows = standardise(data.points, standardisation(data.points, 2));
    const chosen = randomIndices(batch, data.rows, key(PURPOSE.matchRows));
    const uniform = randomUniform(3, key(PURPOSE.matchTimes));
    const matches: Matches = {
      data: Float64Array.from({ length: 2 * batch }, (_, i) => rows[2 * chosen[i >> 1]! + (i % 2)]!),
      base: Float64Array.from(randomNormal(2 * batch, key(PURPOSE.matchBase))),
      shares: Array.from(uniform, (u, g) => (g + u) / 3),
      group,
    };
    const found = matchGradient(spec, Float64Array.from(theta), T, matches);
    const expected = matchStep(spec, theta, T, data, { batch, seed, step, tile: group });
    // Sums of float64 in another order.
    expect(Math.abs(found.loss / expected.loss - 1)).toBeLessThan(1e-12);
    expect(relativeL2(found.theta, expected.gradient)).toBeLessThan(1e-12);
  });

  test("has the gradient that central differences see", () => {
    const matches: Matches = {
      data: numbers(12, 1),
      base: numbers(12, 2),
      shares: [0.2, 0.9],
      group: 4,
    };
    const at = Float64Array.from(theta);
    const { theta: gradient } = matchGradient(spec, at, 1.5, matches);
    const step = 1e-5;
    const differences = at.map((_, i) => {
      const [up, down] = [at.slice(), at.slice()];
      up[i]! += step;
      down[i]! -= step;
      const loss = (where: Float64Array) => matchGradient(spec, where, 1.5, matches).loss;
      return (loss(up) - loss(down)) / (2 * step);
    });
    // Differences err by step² times the third derivative, and by rounding over the step: 1e-10 each.
    expect(relativeL2(gradient, differences)).toBeLessThan(1e-8);
  });

  test("refuses rows and times that do not go together", () => {
    const good = { data: numbers(12, 1), base: numbers(12, 2), shares: [0.2, 0.9], group: 4 };
    for (const wrong of [
      { base: numbers(10, 2) },
      { shares: [0.2] },
      { group: 2 },
      { data: numbers(0, 1) },
    ]) {
      expect(() => matchGradient(spec, Float64Array.from(theta), 1, { ...good, ...wrong })).toThrow(
        ArgumentError,
      );
    }
    expect(() => matchGradient(spec, Float64Array.from(theta), 0, good)).toThrow(ArgumentError);
  });
});
