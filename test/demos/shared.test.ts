import { describe, expect, test, vi } from "vitest";
import { COLOR_MAP, colorAt } from "../../demos/shared/colormap.js";
import { decimal, rate } from "../../demos/shared/format.js";
import { Lens, narrowed } from "../../demos/shared/lens.js";
import { moments } from "../../demos/shared/moments.js";

describe("the colour map", () => {
  /** Relative luminance of WCAG 2.2. */
  const luminance = (level: number) => {
    const [r, g, b] = [0, 1, 2].map((channel) => {
      const x = COLOR_MAP[3 * level + channel]! / 255;
      return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  };

  test("rises in luminance from nearly black to nearly white", () => {
    // Bytes are rounded, so neighbours may tie; four levels apart they must not.
    for (let level = 4; level < 256; level++) expect(luminance(level)).toBeGreaterThan(luminance(level - 4));
    expect(luminance(0)).toBeLessThan(0.02);
    expect(luminance(255)).toBeGreaterThan(0.8);
  });

  test("clamps outside 0 to 1", () => {
    expect(colorAt(-1)).toBe(colorAt(0));
    expect(colorAt(2)).toBe(colorAt(1));
    expect(colorAt(0)).not.toBe(colorAt(1));
  });
});

test("moments of four points", () => {
  const { mean, std, correlation } = moments([0, 0, 2, 2, 0, 2, 2, 0]);
  expect(mean).toEqual([1, 1]);
  // Sum of squares 4 over n − 1 = 3.
  expect(std[0]).toBeCloseTo(Math.sqrt(4 / 3), 12);
  expect(correlation).toBeCloseTo(0, 12);
  expect(moments([0, 0, 1, 2, 2, 4]).correlation).toBeCloseTo(1, 12);
});

test("numbers are shown with true minus signs and dashes", () => {
  expect(decimal(-1.2345, 2)).toBe("−1.23");
  expect(decimal(-0.0001, 2)).toBe("0.00");
  expect(decimal(undefined)).toBe("–");
  expect(decimal(Number.NEGATIVE_INFINITY)).toBe("−∞");
  expect(rate(12.34)).toBe("12.3");
  expect(rate(1234.5)).toBe("1,235");
});

describe("the lens", () => {
  test("holds the charts while a part is shown or a place is read, and lets them go on after", () => {
    const steps = [0, 10, 20, 30, 40];
    const chart = { refresh: vi.fn(), mark: vi.fn() };
    const lens = new Lens(
      () => steps,
      () => undefined,
    );
    lens.add(chart);
    lens.read(12);
    expect([lens.isHeld, lens.place]).toEqual([true, 12]);
    expect(chart.mark).toHaveBeenLastCalledWith(12);
    expect(chart.refresh).not.toHaveBeenCalled();
    // Two points are no curve.
    lens.zoom([5, 25]);
    expect(lens.span).toBeUndefined();
    lens.zoom([5, 30]);
    expect(lens.span).toEqual([5, 30]);
    expect(chart.refresh).toHaveBeenCalledTimes(1);
    lens.read(undefined);
    expect(lens.isHeld).toBe(true);
    expect(chart.refresh).toHaveBeenCalledTimes(1);
    lens.whole();
    expect(lens.isHeld).toBe(false);
    expect(chart.refresh).toHaveBeenCalledTimes(2);
    lens.read(3);
    lens.read(undefined);
    expect(chart.refresh).toHaveBeenCalledTimes(3);
  });

  test("half of a span stays within it, on both kinds of axis", () => {
    expect(narrowed([0, 100], 50, false)).toEqual([25, 75]);
    expect(narrowed([0, 100], 90, false)).toEqual([50, 100]);
    const [low, high] = narrowed([1, 10_000], 1, true);
    expect(low).toBeCloseTo(1, 10);
    expect(high).toBeCloseTo(100, 8);
  });
});
