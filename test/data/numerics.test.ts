/** The pieces of the exact densities, each against an independent sum. */
import { describe, expect, test } from "vitest";
import { spiralRule } from "../../src/data/archimedes.js";
import { logI0e } from "../../src/data/bessel.js";
import { boxKernel } from "../../src/data/box-kernel.js";
import { moonsSet } from "../../src/data/moons.js";
import { gaussLegendre, logSumExp } from "../../src/data/quadrature.js";
import { twoSpiralsSet } from "../../src/data/two-spirals.js";

describe("Gauss–Legendre", () => {
  test.each([1, 2, 5, 64, 300])("%i points integrate the polynomials they must", (n) => {
    const { nodes, weights } = gaussLegendre(n, -1, 2);
    for (const degree of [0, 1, 2 * n - 2, 2 * n - 1]) {
      // Scaled to [−0.5, 1] so that high powers stay below 1; 1e-13 is rounding over 300 terms.
      const sum = nodes.reduce((total, x, i) => total + weights[i]! * (x / 2) ** degree, 0);
      const exact = (2 * (1 - (-0.5) ** (degree + 1))) / (degree + 1);
      expect(Math.abs(sum - exact)).toBeLessThan(1e-13);
    }
    expect(nodes).toEqual(nodes.slice().sort());
  });
});

test("log-sum-exp neither overflows nor underflows, and knows the empty sum", () => {
  expect(logSumExp(Float64Array.of(1000, 1000))).toBeCloseTo(1000 + Math.LN2, 12);
  expect(logSumExp(Float64Array.of(-2000, -1999))).toBeCloseTo(-1999 + Math.log1p(Math.exp(-1)), 12);
  expect(logSumExp(new Float64Array(0))).toBe(Number.NEGATIVE_INFINITY);
  expect(logSumExp(new Float64Array(3).fill(Number.NEGATIVE_INFINITY))).toBe(Number.NEGATIVE_INFINITY);
});

test.each([0, 1e-8, 0.5, 3, 19.99, 20, 20.01, 60, 700, 1e5])("log e^{−x} I0(x) at x = %f", (x) => {
  // The mean of exp(x cos φ − x) over equally spaced φ converges geometrically: it is periodic and entire.
  const points = 4000;
  let sum = 0;
  for (let k = 0; k < points; k++) sum += Math.exp(x * (Math.cos((2 * Math.PI * k) / points) - 1));
  // 1e-12 leaves room for the rounding of 4000 terms and of x (cos φ − 1) at x = 1e5.
  expect(Math.abs(logI0e(x) - Math.log(sum / points))).toBeLessThan(1e-11);
});

test.each([1 / 6, 0.02, 0.5])("box of width %f with noise 0.1, table and tail", (width) => {
  const sigma = 0.1;
  const kernel = boxKernel(width, sigma);
  // 60 points resolve an integrand that decays by e^−250 across the widest box (d = −4.9) to 1e-10.
  const { nodes, weights } = gaussLegendre(60, 0, width);
  for (const d of [-4.9, -2.01, -0.4, 0, 0.013, width / 2, width, 0.77, 3.3, 5.2]) {
    const terms = nodes.map((v, i) => Math.log(weights[i]! / width) - 0.5 * ((d - v) / sigma) ** 2);
    const exact = logSumExp(terms) - Math.log(sigma * Math.sqrt(2 * Math.PI));
    // Hermite error of the table: h⁴/384 times the fourth derivative of k, at most a⁴/8 (a = 2.5 for 0.5).
    expect(Math.abs(kernel(d) - exact)).toBeLessThan(1e-8 * Math.max(1, (width / 0.2) ** 4));
  }
});

test("the rule along a spiral measures its range and its length", () => {
  const { nodes, weights } = spiralRule(60, 1, 12);
  expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(11, 10);
  const length = nodes.reduce((sum, t, i) => sum + weights[i]! * Math.sqrt(1 + t * t), 0);
  const exact = 0.5 * (12 * Math.sqrt(145) + Math.asinh(12) - Math.SQRT2 - Math.asinh(1));
  expect(length).toBeCloseTo(exact, 9);
});

test("moons: the density is the plain sum over 20,000 points of the arcs", () => {
  const density = moonsSet.logDensity!;
  for (const [x, y] of [
    [0, 0],
    [-1, 1.8],
    [2.9, -0.4],
    [1, -1.2],
    [-3.5, 2],
  ] as const) {
    let sum = 0;
    for (let k = 0; k < 20_000; k++) {
      const a = (Math.PI * (k + 0.5)) / 20_000;
      const [c, s] = [Math.cos(a), Math.sin(a)];
      sum += Math.exp(-12.5 * ((x - 2 * c + 1) ** 2 + (y - 2 * s + 0.2) ** 2));
      sum += Math.exp(-12.5 * ((x - 1 + 2 * c) ** 2 + (y - 0.8 + 2 * s) ** 2));
    }
    const exact = Math.log(sum / 40_000 / (2 * Math.PI * 0.04));
    // The midpoint rule's own error (h²/24 of the end slopes) is 1e-7 in the logarithm.
    expect(Math.abs(density(x, y) - exact)).toBeLessThan(1e-6);
  }
});

test("2spirals: the density is the plain sum over curve, square and noise", () => {
  const density = twoSpiralsSet.logDensity!;
  const steps = 2000;
  const blur = (d: number): number => {
    let sum = 0;
    for (let j = 0; j < 200; j++) sum += Math.exp(-50 * (d - (j + 0.5) / 1200) ** 2);
    return sum / 200 / (0.1 * Math.sqrt(2 * Math.PI));
  };
  for (const [x, y] of [
    [0, 0],
    [1, 0.2],
    [-2.9, 1],
    [3.3, 0.1],
  ] as const) {
    let sum = 0;
    for (let k = 0; k < steps; k++) {
      const t = (3 * Math.PI * (k + 0.5)) / steps;
      const [cx, cy] = [(-t * Math.cos(t)) / 3, (t * Math.sin(t)) / 3];
      const weight = (2 * (k + 0.5)) / steps ** 2;
      sum += (weight / 2) * (blur(x - cx) * blur(y - cy) + blur(-x - cx) * blur(-y - cy));
    }
    // The midpoint sums leave 4e-5 at the curve's end (3.3, 0.1), and (1/1200)²/24 · d²/σ⁴ across the square:
    // 2e-4 at (−2.9, 1), which lies 8 σ from the curve (log p = −39.7) to test the tails.
    expect(Math.abs(density(x, y) - Math.log(sum))).toBeLessThan(3e-4);
  }
});
