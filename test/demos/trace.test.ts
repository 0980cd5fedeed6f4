import { expect, test } from "vitest";
import { BINS, histogramColumns, shares } from "../../demos/trace/bins.js";
import { Draws } from "../../demos/trace/draws.js";
import { RunningMoments } from "../../demos/trace/moments.js";
import { passage, passageOf, passageText } from "../../demos/trace/passage.js";
import { jacobianFacts, logSlope, variance } from "../../demos/trace/theory.js";

/** Not symmetric, with a diagonal of both signs. */
const J3 = [1.5, -0.7, 0.2, 1.1, -0.4, 2, 0.6, 0.3, 0.9];

function quadratic(matrix: readonly number[], v: readonly number[]): number {
  return v.reduce(
    (sum, vi, i) => sum + vi * v.reduce((row, vj, j) => row + matrix[i * v.length + j]! * vj, 0),
    0,
  );
}

/** All vectors of so many entries, each one of the nodes, with the product of their weights. */
function grid(nodes: readonly (readonly [value: number, weight: number])[], dim: number) {
  let all: { readonly v: number[]; readonly weight: number }[] = [{ v: [], weight: 1 }];
  for (let d = 0; d < dim; d++) {
    all = all.flatMap(({ v, weight }) => nodes.map(([x, w]) => ({ v: [...v, x], weight: weight * w })));
  }
  return all;
}

function varianceOver(points: readonly { readonly value: number; readonly weight: number }[]): number {
  const mean = points.reduce((sum, { value, weight }) => sum + weight * value, 0);
  return points.reduce((sum, { value, weight }) => sum + weight * (value - mean) ** 2, 0);
}

test("facts of a Jacobian, the same for its transpose", () => {
  expect(jacobianFacts([1, 2, 4, -3], 2)).toEqual({ dim: 2, trace: -2, symmetric: 28, diagonal: 10 });
  expect(jacobianFacts([1, 4, 2, -3], 2)).toEqual(jacobianFacts([1, 2, 4, -3], 2));
});

test.each([
  [
    "rademacher",
    [
      [-1, 0.5],
      [1, 0.5],
    ],
  ],
  // Gauss and Hermite's three nodes have the moments of a standard normal up to the fifth; a square needs the fourth.
  [
    "gaussian",
    [
      [0, 2 / 3],
      [Math.sqrt(3), 1 / 6],
      [-Math.sqrt(3), 1 / 6],
    ],
  ],
] as const)("the variance with %s probes is that over all of them", (distribution, nodes) => {
  const facts = jacobianFacts(J3, 3);
  const all = grid(nodes, 3).map(({ v, weight }) => ({ value: quadratic(J3, v), weight }));
  expect(all.reduce((sum, { value, weight }) => sum + weight * value, 0)).toBeCloseTo(facts.trace, 12);
  expect(variance(distribution, facts)).toBeCloseTo(varianceOver(all), 11);
  expect(variance(distribution, facts, 5)).toBeCloseTo(varianceOver(all) / 5, 11);
});

test("the variance with orthogonal probes is that over all directions, and none is left with D of them", () => {
  const facts = jacobianFacts(J3, 3);
  // The twelve corners of an icosahedron average polynomials up to the fifth degree as the sphere does.
  const golden = (1 + Math.sqrt(5)) / 2;
  const corners = [-1, 1].flatMap((a) =>
    [-golden, golden].flatMap((b) => [
      [0, a, b],
      [a, b, 0],
      [b, 0, a],
    ]),
  );
  const along = corners.map((v) => quadratic(J3, v) / (1 + golden ** 2));
  const over = (estimate: (one: number) => number) =>
    varianceOver(along.map((one) => ({ value: estimate(one), weight: 1 / 12 })));
  expect(variance("orthogonal", facts, 1)).toBeCloseTo(
    over((one) => 3 * one),
    11,
  );
  // Two directions see the trace without what the third one sees.
  expect(variance("orthogonal", facts, 2)).toBeCloseTo(
    over((one) => 1.5 * (facts.trace - one)),
    11,
  );
  expect(variance("orthogonal", facts, 3)).toBe(0);
  expect(variance("orthogonal", jacobianFacts([4], 1))).toBe(0);
});

test("running moments are those of all numbers, also far from 0", () => {
  const moments = new RunningMoments().add([1e8 + 1]);
  expect(moments.variance).toBeNaN();
  moments.add([1e8 + 2, 1e8 + 3]).add([1e8 + 6]);
  expect(moments).toMatchObject({ count: 4, mean: 1e8 + 3 });
  expect(moments.variance).toBeCloseTo(14 / 3, 6);
  expect(moments.standardError).toBeCloseTo(Math.sqrt(14 / 3) / 2, 6);
});

test("walkers average their own estimates, as many as there is room for", () => {
  const draws = new Draws(2, 3);
  draws.add(Float32Array.of(1, 2, 3, 6));
  expect(draws.drawn).toBe(2);
  expect([draws.average(0, 2), draws.average(1, 2)]).toEqual([2, 4]);
  expect(draws.band(1)).toEqual({ mean: 1.5, deviation: Math.sqrt(0.5) });
  expect(draws.band(2)).toEqual({ mean: 3, deviation: Math.sqrt(2) });
  draws.add(Float32Array.of(5, 1, 100, 100));
  expect(draws.drawn).toBe(3);
  expect([...draws.singles]).toEqual([1, 2, 3, 6, 5, 1]);
  expect(draws.moments).toMatchObject({ count: 6, mean: 3 });
});

test("a histogram counts everything, and its exact value is a line up to the highest bar", () => {
  const bins = shares([-9, 0.5, 0.5, 99], 0, 1);
  expect([bins[0], bins[30], bins[BINS - 1]]).toEqual([25, 50, 25]);
  const [edges, heights, line] = histogramColumns([[-9, 0.5, 0.5, 99]], 0.2, [0, 1]);
  expect(edges).toEqual([...edges].sort((a, b) => a - b));
  expect(edges).toHaveLength(BINS + 3);
  expect(heights!.filter((height) => height !== null).reduce((sum, height) => sum + height, 0)).toBe(100);
  const drawn = edges.flatMap((x, i) => (line![i] === null ? [] : [[x, line![i]]]));
  expect(drawn).toEqual([
    [0.2, 0],
    [0.2, 50],
  ]);
});

test("the slope of a power law is its exponent; what is 0 has no part in it", () => {
  const xs = [1, 2, 4, 8];
  expect(logSlope(xs, [...xs.slice(0, 3).map((x) => 3 / Math.sqrt(x)), 0])).toBeCloseTo(-0.5, 12);
  expect(logSlope(xs, [1, 0, 0, 0])).toBeUndefined();
});

test("a chosen place goes into the address and comes back the same", () => {
  const chosen = passage(-1.23456, 0.5, 0.35);
  expect(passageText(chosen)).toBe("-1.235_0.5_0.35");
  expect(passageOf(passageText(chosen))).toEqual(chosen);
  for (const text of [null, "", "1_2", "1_2_3", "5_0_0", "a_0_0", "1e9_0_0", ".._0_0", "0_0_-1"]) {
    expect(passageOf(text), String(text)).toBeUndefined();
  }
});
