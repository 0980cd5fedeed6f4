/** The pure parts of the image page: light, density, exact sampling, entropy, file headers, the address. */
import { encode } from "fast-png";
import { describe, expect, test } from "vitest";
import { BUILTIN_NAMES, builtin } from "../../demos/image/builtin.js";
import { PLAIN, wishOf } from "../../demos/image/config.js";
import {
  densityOf,
  drawPoints,
  entropyOf,
  halvesOf,
  type Picture,
  type PixelDensity,
  peakOf,
  pictureFrom,
  spreadOf,
} from "../../demos/image/density.js";
import { headerOf } from "../../demos/image/header.js";
import { uniforms, xoshiro } from "../../demos/image/random.js";

/** An opaque picture with this light, row by row from the top. */
function picture(width: number, light: readonly number[]): Picture {
  const height = light.length / width;
  const cover = new Float32Array(light.length).fill(1);
  return { title: "test", width, height, light: Float32Array.from(light), cover };
}

const plain = (width: number, light: readonly number[]) => densityOf(picture(width, light), PLAIN);

/** 5 × 3 pixels, of which some are empty: the first, the last, and two between. */
const UNEVEN = [0, 1, 3, 2, 0.5, 4, 0, 0, 7, 1, 2, 2, 0.25, 1, 0];

/** Pixel of a point, counted from the top left; -1 outside the picture. */
function pixelOf({ width, height, pixel }: PixelDensity, x: number, y: number): number {
  const column = Math.floor(x / pixel + width / 2);
  const row = Math.floor(height / 2 - y / pixel);
  return column >= 0 && column < width && row >= 0 && row < height ? row * width + column : -1;
}

describe("light", () => {
  test("of sRGB bytes", () => {
    const { light, cover } = pictureFrom("bytes", 4, 1, [
      ...[255, 255, 255, 255, 0, 0, 0, 255],
      // Mid grey has 0.2159 of the light of white; green has 0.7152 of it.
      ...[128, 128, 128, 255, 0, 255, 0, 51],
    ]);
    expect([...light].map((value) => Number(value.toFixed(4)))).toEqual([1, 0, 0.2159, 0.7152]);
    expect([...cover].map((value) => Number(value.toFixed(4)))).toEqual([1, 1, 1, 0.2]);
  });

  test("becomes density: in proportion, inverted, cut off, with contrast; what is transparent has none", () => {
    const of = (light: number[], tone: Partial<typeof PLAIN>) =>
      [...densityOf(picture(light.length, light), { ...PLAIN, ...tone }).p].map((p) => Number(p.toFixed(6)));
    expect(of([0, 0.25, 0.75], {})).toEqual([0, 0.25, 0.75]);
    expect(of([1, 0.5, 0.5], { invert: true })).toEqual([0, 0.5, 0.5]);
    expect(of([0.2, 0.4, 0.8], { cut: 0.2 })).toEqual([0, 0.25, 0.75]);
    expect(of([0.25, 0.75, 0], { contrast: 2 })).toEqual([0.1, 0.9, 0]);
    const clear = { ...picture(2, [0, 0]), cover: Float32Array.of(0, 1) };
    expect([...densityOf(clear, { ...PLAIN, invert: true }).p]).toEqual([0, 1]);
  });

  test.each([
    [[0, 0], {}, /“test” is black or transparent all over.*switch Invert on/],
    [[1, 1], { invert: true }, /white or transparent.*switch Invert off/],
    [[0.3, 0.2], { cut: 0.5 }, /nothing is left of “test”: lower it/],
  ])("a picture without any is refused (%#)", (light, tone, message) => {
    expect(() => densityOf(picture(2, light), { ...PLAIN, ...tone })).toThrow(message);
  });
});

describe("the density of pixels", () => {
  test("its longer side is 4 units; entropy and peak are those of known densities", () => {
    // Uniform on 4 × 2 units, and uniform on two of those eight quarters.
    const even = plain(4, Array(8).fill(0.5));
    expect(even.pixel).toBe(1);
    expect(entropyOf(even)).toBeCloseTo(Math.log(8), 12);
    expect(peakOf(even)).toBeCloseTo(-Math.log(8), 12);
    expect(entropyOf(plain(4, [0, 1, 0, 0, 0, 0, 1, 0]))).toBeCloseTo(Math.log(2), 12);
    expect(halvesOf(plain(4, [0, 1, 0, 0, 0, 0, 3, 0]))).toEqual({ right: 0.75, upper: 0.25 });
    expect(halvesOf(plain(1, [1]))).toEqual({ right: 0.5, upper: 0.5 });
  });

  test("points fall into pixels with their probabilities, and evenly into each", () => {
    const n = 50_000;
    const density = plain(5, UNEVEN);
    const { points } = drawPoints(density, n, 3);
    const counts = new Float64Array(density.p.length);
    let outside = 0;
    // Quarters of a pixel, all pixels together.
    const quarters = new Float64Array(4);
    for (let i = 0; i < n; i++) {
      const [x, y] = [points[2 * i]!, points[2 * i + 1]!];
      const at = pixelOf(density, x, y);
      if (at < 0) outside += 1;
      else counts[at]! += 1;
      const part = (value: number) => Math.floor((2 * value) / density.pixel) & 1;
      quarters[2 * part(x + density.pixel / 2) + part(y + density.pixel / 2)]! += 1;
    }
    expect(outside).toBe(0);
    const chiSquare = (seen: Float64Array, shares: ArrayLike<number>) =>
      seen.reduce((sum, count, i) => {
        const expected = n * shares[i]!;
        if (expected === 0) expect(count).toBe(0);
        return expected === 0 ? sum : sum + (count - expected) ** 2 / expected;
      }, 0);
    // 11 pixels have light: 10 degrees of freedom, exceeded by 29.6 once in 1,000; 3 of quarters, by 16.3.
    expect(UNEVEN.filter((value) => value > 0)).toHaveLength(11);
    expect(chiSquare(counts, density.p)).toBeLessThan(29.6);
    expect(chiSquare(quarters, [0.25, 0.25, 0.25, 0.25])).toBeLessThan(16.3);
  });

  test("mean, deviation and entropy are those of the points; the seed decides them, their number does not", () => {
    const n = 50_000;
    const density = densityOf(builtin("fjord"), PLAIN);
    const { points, logDensity } = drawPoints(density, n, 0);
    const { mean, std } = spreadOf(density);
    for (const axis of [0, 1]) {
      const values = Array.from({ length: n }, (_, i) => points[2 * i + axis]!);
      const average = values.reduce((sum, x) => sum + x, 0) / n;
      const variance = values.reduce((sum, x) => sum + (x - average) ** 2, 0) / n;
      // Four standard errors; a bounded variable's variance has one below that of a Gaussian, √(2/n).
      expect(Math.abs(average - mean[axis]!)).toBeLessThan((4 * std[axis]!) / Math.sqrt(n));
      expect(Math.abs(variance / std[axis]! ** 2 - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    }
    // The entropy is the mean of −log p over points of the density.
    let sum = 0;
    let square = 0;
    for (let i = 0; i < n; i++) {
      const nll = -logDensity[i]!;
      sum += nll / n;
      square += nll ** 2 / n;
    }
    expect(Math.abs(sum - entropyOf(density))).toBeLessThan(4 * Math.sqrt((square - sum ** 2) / n));
    for (let i = 0; i < 100; i++) {
      const at = pixelOf(density, points[2 * i]!, points[2 * i + 1]!);
      expect(logDensity[i]).toBeCloseTo(Math.log(density.p[at]! / density.pixel ** 2), 10);
    }
    expect(drawPoints(density, 10, 0).points).toEqual(points.slice(0, 20));
    expect(drawPoints(density, 10, 1).points).not.toEqual(points.slice(0, 20));
  });

  test("uniform numbers: mean and variance, and no bit that stands still", () => {
    // The first words of the authors' generator from the state 1, 2, 3, 4.
    expect(Array.from({ length: 4 }, xoshiro([1, 2, 3, 4]))).toEqual([11520, 0, 5927040, 70819200]);
    const uniform = uniforms(7);
    const values = Array.from({ length: 20_000 }, uniform);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    // Four standard errors: √(1/12/n) of the mean, √(1/180/n) of the variance.
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / values.length));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(4 * Math.sqrt(1 / 180 / values.length));
    for (let bit = 1; bit <= 30; bit++) {
      const ones = values.filter((value) => Math.floor(value * 2 ** bit) % 2 === 1).length;
      // 30 tests of a fair coin: five deviations.
      expect(Math.abs(ones - 10_000)).toBeLessThan(5 * Math.sqrt(5_000));
    }
  });
});

test.each(BUILTIN_NAMES)("the built-in picture %s has light and dark", (name) => {
  const { light, width, height } = builtin(name);
  expect(light).toHaveLength(width * height);
  const sorted = light.slice().sort();
  expect(sorted[0]).toBeGreaterThanOrEqual(0);
  expect(sorted.at(-1)).toBeLessThanOrEqual(1);
  expect(sorted.at(-1)! - sorted[0]!).toBeGreaterThan(0.8);
});

describe("the header of a file", () => {
  test("of a PNG", () => {
    const bytes = encode({ width: 3, height: 2, data: new Uint8Array(18), channels: 3, depth: 8 });
    expect(headerOf(new Uint8Array(bytes))).toEqual({ kind: "PNG", size: { width: 3, height: 2 } });
    expect(headerOf(new Uint8Array(bytes).slice(0, 12))).toEqual({ kind: "PNG", size: undefined });
  });

  test("of a JPEG: the frame after segments and fill bytes, not the tables among its markers", () => {
    const app = [0xff, 0xe0, 0, 4, 1, 2];
    const table = [0xff, 0xc4, 0, 5, 9, 9, 9];
    const frame = [0xff, 0xff, 0xc2, 0, 17, 8, 0x01, 0x02, 0x03, 0x04, 3];
    const bytes = Uint8Array.from([0xff, 0xd8, ...app, ...table, ...frame]);
    expect(headerOf(bytes)).toEqual({ kind: "JPEG", size: { width: 0x304, height: 0x102 } });
    expect(headerOf(bytes.slice(0, 15))).toEqual({ kind: "JPEG", size: undefined });
  });

  test("of anything else there is none", () => {
    expect(headerOf(new TextEncoder().encode("GIF89a"))).toBeUndefined();
    expect(headerOf(new Uint8Array())).toBeUndefined();
  });
});

test("the address: what makes sense is taken, the rest reported", () => {
  const wish = wishOf(
    "?picture=cat&invert=1&contrast=2&points=2000&hidden=16-16&kinetic=0.1&jacobian=0&start=1",
  );
  expect(wish).toEqual({
    picture: "cat",
    tone: { invert: true, cut: 0, contrast: 2 },
    changes: { points: 2000, hidden: "16-16", kinetic: 0.1, jacobian: 0 },
    start: true,
    ignored: [],
  });
  const bad = [
    "picture=dog",
    "cut=1",
    "cut=",
    "points=2.5",
    "hidden=0-3",
    "kinetic=-1",
    "jacobian=",
    "toString=1",
  ];
  expect(wishOf(`?${bad.join("&")}`)).toMatchObject({
    picture: "galaxy",
    tone: PLAIN,
    changes: {},
    ignored: bad,
  });
});
