/**
 * The density of V + σ ξ on the line, V uniform on [0, width] and ξ standard normal, as a table.
 *
 * With s = (d − width/2)/σ and a = width/(2σ) it is φ(s) e^{k(s)}/width, where
 *   k(s) = log ∫_{−a}^{a} exp(s v − v²/2) dv
 * is even, convex and almost a parabola (the cumulant generating function of a bounded variable), so a cubic
 * Hermite table of it with k' = E[v] is good to 2e-9 in the logarithm at any distance; a difference of two
 * error functions would lose every digit in the tails.
 */
import { gaussLegendre } from "./quadrature.js";

const STEPS_PER_UNIT = 32;
/** In s; beyond it an asymptotic series is as good. */
const LAST = 48;

/** log density in nats at d, for the given box width and noise σ (units of d). */
export function boxKernel(width: number, sigma: number): (d: number) => number {
  const a = width / (2 * sigma);
  const table = hermiteTable(a);
  const constant = -Math.log(width) - 0.5 * Math.log(2 * Math.PI);
  return (d) => {
    const s = Math.abs(d - width / 2) / sigma;
    if (s >= LAST) return constant - 0.5 * s * s + tail(s, a);
    const position = s * STEPS_PER_UNIT;
    const cell = Math.floor(position);
    const u = position - cell;
    const at = 4 * cell;
    const k = table[at]! + u * (table[at + 1]! + u * (table[at + 2]! + u * table[at + 3]!));
    return constant - 0.5 * s * s + k;
  };
}

/** k(s) for s ≥ LAST: the difference of the normal's tails beyond s − a and s + a. */
function tail(s: number, a: number): number {
  return s * a - (a * a) / 2 + Math.log(millsRatio(s - a) - Math.exp(-2 * s * a) * millsRatio(s + a));
}

/** ∫_x^∞ e^{(x² − y²)/2} dy for large x (DLMF 7.12.1); three terms are good to 15/x⁶. */
function millsRatio(x: number): number {
  const q = 1 / (x * x);
  return (1 + q * (3 * q - 1)) / x;
}

/** Four coefficients a cell, in powers of the position u ∈ [0, 1) inside the cell. */
function hermiteTable(a: number): Float64Array {
  const cells = LAST * STEPS_PER_UNIT;
  const { nodes, weights } = gaussLegendre(64, -a, a);
  const value = new Float64Array(cells + 1);
  const slope = new Float64Array(cells + 1);
  for (let i = 0; i <= cells; i++) {
    const s = i / STEPS_PER_UNIT;
    let mass = 0;
    let moment = 0;
    for (let j = 0; j < nodes.length; j++) {
      const v = nodes[j]!;
      const term = weights[j]! * Math.exp(s * (v - a) - (v * v) / 2);
      mass += term;
      moment += term * v;
    }
    value[i] = s * a + Math.log(mass);
    slope[i] = moment / mass / STEPS_PER_UNIT;
  }
  const table = new Float64Array(4 * cells);
  for (let i = 0; i < cells; i++) {
    const rise = value[i + 1]! - value[i]!;
    table[4 * i] = value[i]!;
    table[4 * i + 1] = slope[i]!;
    table[4 * i + 2] = 3 * rise - 2 * slope[i]! - slope[i + 1]!;
    table[4 * i + 3] = slope[i]! + slope[i + 1]! - 2 * rise;
  }
  return table;
}
