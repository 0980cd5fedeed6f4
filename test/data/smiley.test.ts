/** The smiley's sampler and its density were written apart; here each judges the other. */
import { expect, test } from "vitest";
import { smileySet } from "../../src/data/smiley.js";

const { sample, logDensity, entropy, window } = smileySet;
const N = 40_000;

test("points fall into cells as often as the density says", () => {
  const cells = 8;
  const fine = 25;
  const [low, high] = window;
  const side = (high - low) / cells;
  const counts = new Float64Array(cells * cells);
  const points = sample(N, 3);
  const cellOf = (v: number) => Math.floor((v - low) / side);
  for (let i = 0; i < N; i++) counts[cells * cellOf(points[2 * i + 1]!) + cellOf(points[2 * i]!)]! += 1;
  // Midpoints 0.04 apart, a third of the thinnest σ: the sums are exact to 1e-8.
  const h = side / fine;
  const mass = new Float64Array(cells * cells);
  for (let row = 0; row < cells * fine; row++) {
    for (let column = 0; column < cells * fine; column++) {
      const p = Math.exp(logDensity!(low + (column + 0.5) * h, low + (row + 0.5) * h)) * h * h;
      mass[cells * Math.floor(row / fine) + Math.floor(column / fine)]! += p;
    }
  }
  expect(mass.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 6);
  // Five standard deviations of a count, and one point for cells that hold next to nothing.
  const off = mass.map((p, i) => Math.abs(counts[i]! - N * p) - 5 * Math.sqrt(N * p) - 1);
  expect(Math.max(...off)).toBeLessThan(0);
});

test("the entropy is that of the density, and the face is symmetric", () => {
  const points = sample(N, 4);
  let sum = 0;
  for (let i = 0; i < N; i++) sum -= logDensity!(points[2 * i]!, points[2 * i + 1]!);
  // −log p has a standard deviation of about 0.8: 0.02 is five standard errors.
  expect(Math.abs(sum / N - entropy!)).toBeLessThan(0.02);
  expect(logDensity!(1.3, -0.8)).toBeCloseTo(logDensity!(-1.3, -0.8), 9);
  expect(sample(10, 4)).toEqual(points.slice(0, 20));
});
