import { decode } from "fast-png";
import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../src/gpu/errors.js";
import { colour, gridPoints, heatMap, massInWindow, window2d } from "../../src/node/cli/heat-map.js";

/** Relative luminance of linear light (ITU-R BT.709), which a grey print follows. */
function luminance(rgb: readonly number[]): number {
  const [r, g, b] = rgb.map((v) => (v / 255) ** 2.2);
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

describe("heat map", () => {
  test("every step of the colours is lighter than the one before", () => {
    const values = Array.from({ length: 101 }, (_, i) => luminance(colour(i / 100)));
    for (let i = 1; i < values.length; i++) expect(values[i]!).toBeGreaterThan(values[i - 1]!);
    expect(colour(-1)).toEqual(colour(0));
    expect(colour(2)).toEqual(colour(1));
  });

  test("grid points are the centres of the cells, lowest row first", () => {
    const points = gridPoints(2, window2d([0, 4, -1, 1]));
    expect([...points]).toEqual([1, -0.5, 3, -0.5, 1, 0.5, 3, 0.5]);
  });

  test("the picture has its largest density where it belongs, y upwards", () => {
    const n = 5;
    // Only the cell at the lowest right corner has mass.
    const logp = new Float32Array(n * n).fill(Number.NEGATIVE_INFINITY);
    logp[n - 1] = 3;
    const { width, height, channels, data } = decode(heatMap(logp, n));
    expect([width, height, channels]).toEqual([n, n, 3]);
    const pixel = (row: number, column: number) => [
      ...data.slice(3 * (row * n + column), 3 * (row * n + column) + 3),
    ];
    expect(pixel(n - 1, n - 1)).toEqual(colour(1));
    expect(pixel(0, n - 1)).toEqual(colour(0));
  });

  test("a density that is nowhere above 0 is one dark picture", () => {
    const { data } = decode(heatMap(new Float32Array(4).fill(Number.NEGATIVE_INFINITY), 2));
    expect([...data.slice(0, 3)]).toEqual(colour(0));
  });

  test("the mass of a uniform density is its share of the window", () => {
    const window = window2d([0, 2, 0, 3]);
    expect(massInWindow(new Float32Array(16).fill(Math.log(1 / 6)), 4, window)).toBeCloseTo(1, 6);
  });

  test.each([[[0, 1, 2]], [[1, 0, 0, 1]], [[0, 1, 1, 1]], [[0, 1, 0, Number.NaN]]])(
    "window %j",
    (numbers) => {
      expect(() => window2d(numbers)).toThrow(ArgumentError);
    },
  );
});
