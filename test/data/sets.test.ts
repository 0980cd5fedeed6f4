/** Every toy set against the reference statistics and against its own density. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { toyDataset } from "../../src/data/dataset.js";
import { TOY_SETS, toy } from "../../src/data/sets.js";
import {
  densityHistogramCheck,
  type EntropyCase,
  entropyCheck,
  histogramCheck,
  ksChecks,
  massOver,
  momentChecks,
  type ToyCase,
} from "../support/toy-checks.js";

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../oracle/cases/${name}.json`, import.meta.url), "utf8"));
const entropies = (read("toy_entropies") as EntropyCase).entropy_nats;
const SEED = 0;
/** The smiley is this project's own, so its density is the only witness: see smiley.test.ts. */
const REFERENCED = TOY_SETS.filter((set) => set.name !== "smiley");

test("the sets are those that have a reference", () => {
  expect(REFERENCED.map((set) => set.name).sort()).toEqual([
    "2spirals",
    "8gaussians",
    "checkerboard",
    "circles",
    "circles_torchdiffeq",
    "cos",
    "line",
    "moons",
    "pinwheel",
    "rings",
    "swissroll",
  ]);
  const floored = REFERENCED.filter((set) => set.entropy !== undefined);
  expect(floored.map((set) => set.name).sort()).toEqual(Object.keys(entropies).sort());
});

describe.each(REFERENCED.map((set) => [set.name, set] as const))("%s", (name, set) => {
  const reference = read(`toy_${name}`) as ToyCase;

  test("samples have the distribution of the original", () => {
    const points = set.sample(20_000, SEED);
    const checks = [...ksChecks(reference, points), ...momentChecks(reference, points)];
    // A curve without noise fills few cells unevenly, but χ² holds for it too.
    checks.push(histogramCheck(reference, points));
    expect(checks.filter((check) => !check.pass)).toEqual([]);
  });

  test("samples are a function of the seed, and a longer draw continues a shorter one", () => {
    const short = set.sample(10, 7);
    expect(set.sample(25, 7).slice(0, 20)).toEqual(short);
    expect(set.sample(10, 8)).not.toEqual(short);
    expect(set.sample(0, 7).length).toBe(0);
  });

  test("the window holds the points", () => {
    const [low, high] = set.window;
    const points = set.sample(5000, SEED);
    const outside = points.filter((v) => v < low || v > high).length;
    // At most 2.1e-4 of the mass lies outside: 1 of 5000 points expected, 10 is beyond chance.
    expect(outside).toBeLessThan(10);
  });
});

const withDensity = REFERENCED.flatMap((set) =>
  set.logDensity && set.entropy !== undefined
    ? [{ name: set.name, set, logDensity: set.logDensity, entropy: set.entropy }]
    : [],
);

describe.each(withDensity)("exact density of $name", ({ name, set, logDensity, entropy }) => {
  test("−mean log p is the entropy", { timeout: 30_000 }, () => {
    const check = entropyCheck(logDensity, set.sample(100_000, SEED), entropies[name]!);
    expect(check).toMatchObject({ pass: true });
    // Both are rounded to four digits, by two hands.
    expect(Math.abs(entropy - entropies[name]!.value)).toBeLessThan(1.01e-4);
  });

  test("it integrates to 1", { timeout: 30_000 }, () => {
    // 160 midpoints a side are 0.6 of the thinnest σ apart: exact to 1e-6, so 1e-3 is the mass outside.
    expect(Math.abs(massOver(logDensity, set.window, 160) - 1)).toBeLessThan(1e-3);
  });

  test("it predicts the reference histogram of 1e6 points", { timeout: 30_000 }, () => {
    const check = densityHistogramCheck(read(`toy_${name}`) as ToyCase, logDensity);
    expect(check).toMatchObject({ pass: true });
  });

  test("it is finite or −∞ far away, and NaN only for NaN", () => {
    for (const [x, y] of [
      [30, -20],
      [1e6, 1e6],
      [0, 0],
      [0, 1e-300],
    ] as const) {
      expect(logDensity(x, y)).not.toBeNaN();
      expect(logDensity(x, y)).toBeLessThan(1);
    }
    expect(logDensity(Number.POSITIVE_INFINITY, 0)).toBe(Number.NEGATIVE_INFINITY);
    expect(logDensity(Number.NaN, 0)).toBeNaN();
  });
});

test("an unknown name is refused with the names there are", () => {
  expect(() => toy("moon")).toThrow(/"moon".*moons, circles, 8gaussians/);
});

test("a bad count or seed is refused", () => {
  expect(() => toy("moons").sample(-1, 0)).toThrow(/number of points is -1/);
  expect(() => toy("moons").sample(2.5, 0)).toThrow(/2\.5/);
  expect(() => toy("moons").sample(2, -1)).toThrow(/seed is -1/);
});

describe("noise", () => {
  const noisy = TOY_SETS.filter((set) => set.withNoise);

  test.each(noisy.map((set) => [set.name, set] as const))("of %s can be halved and doubled", (name, set) => {
    for (const noise of [0.5, 2]) {
      const other = toy(name, noise);
      const count = 3_000;
      const points = other.sample(count, 3);
      expect(other.sample(5, SEED)).not.toEqual(set.sample(5, SEED));
      // The entropy is that of the density, by quadrature: samples of another noise would miss it.
      const values = Array.from(
        { length: count },
        (_, i) => -other.logDensity!(points[2 * i]!, points[2 * i + 1]!),
      );
      const mean = values.reduce((sum, value) => sum + value, 0) / count;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
      expect(Math.abs(mean - other.entropy!)).toBeLessThan(4 * Math.sqrt(variance / count));
      const [low, high] = other.window;
      expect(points.filter((x) => x < low || x > high).length).toBeLessThan(0.002 * count);
    }
    expect(set.withNoise!(1).sample(20, 1)).toEqual(set.sample(20, 1));
    expect(set.withNoise!(1.7).entropy).toBeUndefined();
  });

  test("is refused where there is none, and where it is out of range", () => {
    expect(() => toy("checkerboard", 2)).toThrow(/Checkerboard has no noise/);
    expect(() => toy("moons", 5)).toThrow(/noise is 5\./);
    expect(() => toy("moons", Number.NaN)).toThrow(/noise is NaN\./);
  });

  test("is an option of the data set", () => {
    const set = toyDataset("circles", { rows: 10, heldOut: 0, noise: 2 });
    expect(set.points).toEqual(toy("circles", 2).sample(10, 0));
    expect(set.entropy).toBe(toy("circles", 2).entropy);
  });
});
