/**
 * Uniform on the eight dark cells of a 4 × 4 board of side 8. FFJORD: x = 4U − 2,
 * y = U' − 2·{0, 1} + (⌊x⌋ mod 2), × 2.
 */
import { type LogDensity2d, sampler, type ToySet } from "./toy-set.js";

/** Whether v lies in the closed cell [2c, 2c + 2] for c = −2 … 1, as a bit mask over c + 2. */
function cellsOf(v: number): number {
  let mask = 0;
  for (let c = 0; c < 4; c++) if (v >= 2 * c - 4 && v <= 2 * c - 2) mask |= 1 << c;
  return mask;
}

/** Cells are dark where the parities of column and row agree. */
const EVEN = 0b0101;
const ODD = 0b1010;

/**
 * −log 32 on the dark cells, −∞ elsewhere. Edges count as dark: rounding a sample to float32 can put it on
 * one, and every edge of the board touches a dark cell.
 */
const logDensity: LogDensity2d = (x, y) => {
  if (Number.isNaN(x + y)) return Number.NaN;
  const column = cellsOf(x);
  const row = cellsOf(y);
  const dark = ((column & EVEN) !== 0 && (row & EVEN) !== 0) || ((column & ODD) !== 0 && (row & ODD) !== 0);
  return dark ? -Math.log(32) : Number.NEGATIVE_INFINITY;
};

export const checkerboardSet: ToySet = {
  name: "checkerboard",
  title: "Checkerboard",
  about: "Uniform on the dark cells of a 4 × 4 board: sharp edges and no noise at all.",
  sample: sampler((stream) => {
    const x = 4 * stream.uniform() - 2;
    const odd = Math.abs(Math.floor(x)) % 2;
    return [2 * x, 2 * (stream.uniform() - 2 * stream.integer(2) + odd)];
  }),
  logDensity,
  entropy: Math.log(32),
  window: [-4, 4],
};
