/**
 * A picture as a probability density: constant in each pixel, in proportion to the pixel's light. Everything here is
 * exact in float64; the plane's unit is a quarter of the picture's longer side, its origin the picture's middle.
 */
import { uniforms } from "./random.js";

/** Length of the picture's longer side. */
export const LONG_SIDE = 4;

/** [low, high] of both axes of what is shown: the picture with a margin, into which a flow may spill. */
export const WINDOW = [-2.5, 2.5] as const;

export interface Picture {
  /** e.g. "Galaxy", "cat.png". */
  readonly title: string;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** [height, width] relative luminance from 0 (black) to 1 (white), row 0 at the top. */
  readonly light: Float32Array;
  /** [height, width] opacity from 0 to 1. */
  readonly cover: Float32Array;
}

export interface Tone {
  /** Dark places count instead of light ones. */
  readonly invert: boolean;
  /** In [0, 1): light up to this counts as none. */
  readonly cut: number;
  /** Exponent of the light above it: beyond 1, bright places gain on dark ones. */
  readonly contrast: number;
}

export interface PixelDensity {
  readonly width: number;
  readonly height: number;
  /** [height, width] probability of each pixel, row 0 at the top; sums to 1. */
  readonly p: Float64Array<ArrayBuffer>;
  /** Side of a pixel, in the units of the plane. */
  readonly pixel: number;
}

/** A sentence about a picture that cannot be used, for people: what is wrong and what helps. */
export class PictureError extends Error {
  override readonly name = "PictureError";
}

/**
 * Relative luminance and opacity of sRGB bytes (IEC 61966-2-1; the weights are those of ITU-R BT.709).
 * @param rgba [height, width, 4], not premultiplied
 */
export function pictureFrom(title: string, width: number, height: number, rgba: ArrayLike<number>): Picture {
  const light = new Float32Array(width * height);
  const cover = new Float32Array(width * height);
  for (let i = 0; i < light.length; i++) {
    const [r, g, b] = [rgba[4 * i]!, rgba[4 * i + 1]!, rgba[4 * i + 2]!];
    light[i] = 0.2126 * LINEAR[r]! + 0.7152 * LINEAR[g]! + 0.0722 * LINEAR[b]!;
    cover[i] = rgba[4 * i + 3]! / 255;
  }
  return { title, width, height, light, cover };
}

/** Light of a byte of sRGB. */
const LINEAR = Float64Array.from({ length: 256 }, (_, byte) => {
  const x = byte / 255;
  return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
});

/** @throws PictureError when no pixel is left with any probability */
export function densityOf({ title, width, height, light, cover }: Picture, tone: Tone): PixelDensity {
  const { invert, cut, contrast } = tone;
  const p = new Float64Array(width * height);
  let total = 0;
  let most = 0;
  for (let i = 0; i < p.length; i++) {
    const value = cover[i]! * (invert ? 1 - light[i]! : light[i]!);
    most = Math.max(most, value);
    p[i] = value > cut ? ((value - cut) / (1 - cut)) ** contrast : 0;
    total += p[i]!;
  }
  if (!(total > 0)) throw new PictureError(emptiness(title, invert, most > 0));
  for (let i = 0; i < p.length; i++) p[i]! /= total;
  return { width, height, p, pixel: LONG_SIDE / Math.max(width, height) };
}

function emptiness(title: string, invert: boolean, isCut: boolean): string {
  if (isCut) return `With this cut-off nothing is left of “${title}”: lower it.`;
  const [what, remedy] = invert
    ? ["white or transparent", "switch Invert off"]
    : ["black or transparent", "switch Invert on"];
  return `“${title}” is ${what} all over, so it has no density: ${remedy}, or choose another picture.`;
}

/** Differential entropy in nats, −Σ p log(p / a) with the area a of a pixel: no model has a lower mean NLL. */
export function entropyOf({ p, pixel }: PixelDensity): number {
  const logArea = 2 * Math.log(pixel);
  let sum = 0;
  for (const value of p) if (value > 0) sum -= value * (Math.log(value) - logArea);
  return sum;
}

/** The largest log density, nats. */
export function peakOf({ p, pixel }: PixelDensity): number {
  return Math.log(p.reduce((most, value) => Math.max(most, value))) - 2 * Math.log(pixel);
}

/** Mean and standard deviation of each axis, the spread within a pixel included. */
export function spreadOf({ width, height, p, pixel }: PixelDensity): { mean: number[]; std: number[] } {
  const sums = [0, 0, 0, 0];
  for (let i = 0; i < p.length; i++) {
    const x = ((i % width) + 0.5 - width / 2) * pixel;
    const y = (height / 2 - Math.floor(i / width) - 0.5) * pixel;
    for (const [at, value] of [x, y, x * x, y * y].entries()) sums[at]! += p[i]! * value;
  }
  const [x, y, xx, yy] = sums as [number, number, number, number];
  const within = pixel ** 2 / 12;
  // Rounding must not leave a negative variance.
  const std = [xx - x * x, yy - y * y].map((variance) => Math.sqrt(Math.max(0, variance) + within));
  return { mean: [x, y], std };
}

/** Shares of the probability right of the middle and above it. */
export function halvesOf({ width, height, p }: PixelDensity): { right: number; upper: number } {
  let [right, upper] = [0, 0];
  for (let i = 0; i < p.length; i++) {
    // A pixel in the middle belongs to both sides.
    right += p[i]! * Math.min(1, Math.max(0, (i % width) + 1 - width / 2));
    upper += p[i]! * Math.min(1, Math.max(0, height / 2 - Math.floor(i / width)));
  }
  return { right, upper };
}

export interface Drawn {
  /** [n, 2] */
  readonly points: Float32Array<ArrayBuffer>;
  /** [n] log p there, nats: of the pixel that was drawn, beside which rounding may put a point at its edge. */
  readonly logDensity: Float64Array<ArrayBuffer>;
}

/**
 * Points of the density: a pixel by the inverse of the cumulative distribution, then anywhere in it. The first points
 * do not depend on n.
 */
export function drawPoints(density: PixelDensity, n: number, seed: number): Drawn {
  const { width, height, p, pixel } = density;
  const cumulative = new Float64Array(p.length);
  let total = 0;
  for (let i = 0; i < p.length; i++) {
    total += p[i]!;
    cumulative[i] = total;
  }
  const uniform = uniforms(seed);
  const points = new Float32Array(2 * n);
  const logDensity = new Float64Array(n);
  const logArea = 2 * Math.log(pixel);
  for (let k = 0; k < n; k++) {
    const at = firstAbove(cumulative, uniform() * total);
    logDensity[k] = Math.log(p[at]!) - logArea;
    points[2 * k] = ((at % width) + uniform() - width / 2) * pixel;
    points[2 * k + 1] = (height / 2 - Math.floor(at / width) - uniform()) * pixel;
  }
  return { points, logDensity };
}

/** The first index whose value is above x, which the last one is: never a pixel without probability. */
function firstAbove(ascending: Float64Array, x: number): number {
  let [low, high] = [0, ascending.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! > x) high = middle;
    else low = middle + 1;
  }
  return low;
}
