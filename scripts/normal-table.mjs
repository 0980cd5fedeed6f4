/**
 * Writes src/tensor/normal-table.ts: the inverse normal distribution as cubics in fixed point.
 *   node scripts/normal-table.mjs
 * The result is committed, so that every machine draws the same bits; run this only to change the design.
 *
 * The 31 lower bits u of a random word stand for the tail probability p = v·2^-33, v = 2u + 1, in (0, ½).
 * Segment 16·o + s holds v with o leading zeros whose next four bits are s. On it z = Φ^-1(1 − p) is
 * c0 + c1 x + c2 x² + c3 x³, x in [0, 1) across the segment; coefficients are integers, in units of 2^-28.
 * Four Chebyshev nodes per segment make the cubic close to the best one (error below 2e-8 with all rounding but the last to f32).
 */
import { writeFileSync } from "node:fs";

const OCTAVES = 32;
const SEGMENTS = 16;
const UNIT = 2 ** 28;

const density = (z) => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);

/** 1 − Φ(z) for z ≥ 0 to full relative precision: a series of positive terms, or Laplace's fraction. */
function upperTail(z) {
  if (z < 2.5) {
    let term = z;
    let sum = z;
    for (let k = 3; term > 1e-18 * sum; k += 2) {
      term *= (z * z) / k;
      sum += term;
    }
    return 0.5 - density(z) * sum;
  }
  let fraction = z;
  for (let k = 200; k >= 1; k--) fraction = z + k / fraction;
  return density(z) / fraction;
}

/** z with 1 − Φ(z) = p, 0 < p ≤ ½, by Halley's iteration. */
function quantile(p) {
  let z = p < 0.1 ? Math.sqrt(-2 * Math.log(p)) * 0.9 : 1.28 * (1 - 2 * p);
  for (let i = 0; i < 30; i++) {
    const step = (upperTail(z) - p) / density(z);
    z += step / (1 - (z * step) / 2);
  }
  return z;
}

/** Coefficients of the cubic through four points, from Newton's divided differences. */
function cubicThrough(x, y) {
  const d = [...y];
  for (let order = 1; order < 4; order++) {
    for (let i = 3; i >= order; i--) d[i] = (d[i] - d[i - 1]) / (x[i] - x[i - order]);
  }
  let c = [d[3], 0, 0, 0];
  for (let i = 2; i >= 0; i--) {
    c = [d[i] - x[i] * c[0], c[0] - x[i] * c[1], c[1] - x[i] * c[2], c[2] - x[i] * c[3]];
  }
  return c;
}

const nodes = [0, 1, 2, 3].map((i) => 0.5 - 0.5 * Math.cos(((2 * i + 1) * Math.PI) / 8));
const rows = [];
for (let octave = 0; octave < OCTAVES; octave++) {
  for (let segment = 0; segment < SEGMENTS; segment++) {
    const values = nodes.map((x) => quantile(2 ** -(octave + 2) * (1 + (segment + x) / SEGMENTS)));
    const row = cubicThrough(nodes, values).map((c) => Math.round(c * UNIT));
    if (row.some((c) => !Number.isFinite(c) || Math.abs(c) >= 2 ** 31))
      throw new Error(`segment ${rows.length}`);
    rows.push(row);
  }
}

const lines = rows.map((row, i) => row.join(" ") + (i % 2 === 0 ? "  " : "\n")).join("");
writeFileSync(
  new URL("../src/tensor/normal-table.ts", import.meta.url),
  `/**
 * Made by scripts/normal-table.mjs; do not edit. Row 16·o + s, two rows a line: c0 c1 c2 c3 in units of
 * 2^-28, the cubic for the normal quantile where the tail probability has o leading zeros and next four bits s
 * (see random.ts).
 */
const ROWS = \`
${lines}\`;

/** [512, 4] coefficients, the buffer \`normal_table: array<vec4<i32>>\` of the kernels. */
export const NORMAL_TABLE: Int32Array<ArrayBuffer> = Int32Array.from(ROWS.trim().split(/\\s+/), Number);
`,
);
