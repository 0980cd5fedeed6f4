/** A density as a picture. */
import { encode } from "fast-png";
import { ArgumentError } from "../../gpu/errors.js";

/** x from `left` to `right`, y from `bottom` to `top`, in data coordinates. */
export interface Window2d {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
  readonly top: number;
}

/** @throws ArgumentError unless it is [left, right, bottom, top] with left < right and bottom < top */
export function window2d(numbers: readonly number[]): Window2d {
  const [left, right, bottom, top] = numbers;
  const isWindow = numbers.length === 4 && left! < right! && bottom! < top!;
  if (!isWindow) {
    throw new ArgumentError(
      `The window is ${numbers.join(",")}.`,
      "Give left,right,bottom,top with left < right and bottom < top.",
    );
  }
  return { left: left!, right: right!, bottom: bottom!, top: top! };
}

/** Centres of n × n cells, [n·n, 2]; x changes fastest, the first row of cells is the lowest. */
export function gridPoints(n: number, { left, right, bottom, top }: Window2d): Float32Array<ArrayBuffer> {
  const points = new Float32Array(2 * n * n);
  for (let row = 0; row < n; row++) {
    for (let column = 0; column < n; column++) {
      const at = 2 * (row * n + column);
      points[at] = left + ((column + 0.5) / n) * (right - left);
      points[at + 1] = bottom + ((row + 0.5) / n) * (top - bottom);
    }
  }
  return points;
}

/** Sum of p over the cells times their area: the mass inside the window. */
export function massInWindow(logp: Float32Array, n: number, { left, right, bottom, top }: Window2d): number {
  let sum = 0;
  for (const value of logp) sum += Math.exp(value);
  return (sum * (right - left) * (top - bottom)) / (n * n);
}

/**
 * Ten colours of viridis (S. van der Walt and N. Smith for matplotlib 2.0, released as CC0), in between
 * interpolated: its lightness rises steadily for all kinds of colour vision, and in grey print.
 */
const VIRIDIS = [
  0x440154, 0x482878, 0x3e4989, 0x31688e, 0x26828e, 0x1f9e89, 0x35b779, 0x6ece58, 0xb5de2b, 0xfde725,
];

/** Red, green and blue (0 to 255) for a value in [0, 1]. */
export function colour(value: number): [number, number, number] {
  const at = Math.min(1, Math.max(0, value)) * (VIRIDIS.length - 1);
  const index = Math.min(Math.floor(at), VIRIDIS.length - 2);
  const channel = (shift: number) => {
    const low = (VIRIDIS[index]! >> shift) & 255;
    const high = (VIRIDIS[index + 1]! >> shift) & 255;
    return Math.round(low + (at - index) * (high - low));
  };
  return [channel(16), channel(8), channel(0)];
}

/** The bytes of a PNG of exp(logp) over the largest value. @param logp [n·n], ordered as gridPoints, nats */
export function heatMap(logp: Float32Array, n: number): Uint8Array {
  const highest = logp.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  // Where there is no density at all, everything is 0 rather than 0/0.
  const scale = highest === Number.NEGATIVE_INFINITY ? 0 : highest;
  const data = new Uint8Array(3 * n * n);
  for (let row = 0; row < n; row++) {
    for (let column = 0; column < n; column++) {
      // A picture starts at the top, the grid at the bottom.
      const density = Math.exp(logp[(n - 1 - row) * n + column]! - scale);
      data.set(colour(density), 3 * (row * n + column));
    }
  }
  return encode({ width: n, height: n, data, channels: 3, depth: 8 });
}
