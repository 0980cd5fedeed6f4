/** Data sets as training takes them: sizes, splits, refusals, scaling and the KL estimate. */
import { describe, expect, test } from "vitest";
import * as data from "../../src/data/index.js";
import { ArgumentError, DataError } from "../../src/gpu/errors.js";

describe("toy data sets", () => {
  test("sizes are as asked, and both parts come from one draw", () => {
    const set = data.moons({ rows: 30, heldOut: 12, seed: 5 });
    expect(set).toMatchObject({ name: "moons", dim: 2, rows: 30, entropy: 2.3939 });
    expect([...set.points, ...set.heldOut]).toEqual([...data.toy("moons").sample(42, 5)]);
    expect(data.moons({ rows: 2, heldOut: 0 }).heldOut.length).toBe(0);
  });

  test("defaults are 50,000 and 10,000 rows", () => {
    const set = data.line();
    expect([set.points.length, set.heldOut.length]).toEqual([100_000, 20_000]);
    expect(set.logDensity).toBeUndefined();
  });

  test("every set has its function", () => {
    const makers = [
      data.moons,
      data.circles,
      data.eightGaussians,
      data.pinwheel,
      data.twoSpirals,
      data.checkerboard,
      data.rings,
      data.swissroll,
      data.smiley,
      data.line,
      data.cos,
      data.circlesTorchdiffeq,
    ];
    const names = makers.map((make) => make({ rows: 2, heldOut: 1 }).name);
    expect(names).toEqual(data.TOY_SETS.map((set) => set.name));
  });

  test("bad sizes and names are refused", () => {
    expect(() => data.moons({ rows: 1 })).toThrow(ArgumentError);
    expect(() => data.moons({ heldOut: -1 })).toThrow(/held-out rows is -1/);
    expect(() => data.toyDataset("spirals")).toThrow(/2spirals/);
  });
});

describe("fromPoints", () => {
  /** [rows, 3], row i = (i, i², −i). */
  const table = (rows: number): number[] => Array.from({ length: rows }, (_, i) => [i, i * i, -i]).flat();

  test("splits the rows without losing, mixing or repeating any", () => {
    const set = data.fromPoints(table(50), 3, { name: "mine", heldOutFraction: 0.2, seed: 3 });
    expect(set).toMatchObject({ name: "mine", dim: 3, rows: 40 });
    expect(set.heldOut.length).toBe(30);
    const all = [...set.points, ...set.heldOut];
    const rows = Array.from({ length: 50 }, (_, i) => all.slice(3 * i, 3 * i + 3));
    rows.sort((a, b) => a[0]! - b[0]!);
    expect(rows.flat()).toEqual(table(50));
    expect(data.fromPoints(table(50), 3, { heldOutFraction: 0.2, seed: 4 }).heldOut).not.toEqual(set.heldOut);
  });

  test("copies: changing the source afterwards changes nothing", () => {
    const source = Float32Array.from(table(10));
    const set = data.fromPoints(source, 3);
    source.fill(99);
    expect(set.points.includes(99)).toBe(false);
  });

  test("few rows stay in training", () => {
    expect(data.fromPoints([0, 1], 1, { heldOutFraction: 0.9 })).toMatchObject({ rows: 2 });
    expect(data.fromPoints([0, 1, 2], 1, { heldOutFraction: 0.9 }).heldOut.length).toBe(1);
  });

  test.each([
    [Number.NaN, /Row 2, column 1 .* NaN/],
    [Number.NEGATIVE_INFINITY, /Row 2, column 1 .* -Infinity/],
    [1e39, /Row 2, column 1 .* 1e\+39/],
  ])("refuses %d and says where it is", (bad, message) => {
    const points = table(4);
    points[2 * 3 + 1] = bad;
    expect(() => data.fromPoints(points, 3)).toThrow(DataError);
    expect(() => data.fromPoints(points, 3)).toThrow(message);
  });

  test("refuses what is too little, ragged or flat", () => {
    expect(() => data.fromPoints([], 2)).toThrow(/no rows/);
    expect(() => data.fromPoints([1, 2], 2)).toThrow(/1 row\./);
    expect(() => data.fromPoints([1, 2, 3], 2)).toThrow(/3 numbers do not fill rows of 2/);
    expect(() => data.fromPoints([1, 2], 0)).toThrow(/dimension of the data is 0/);
    expect(() => data.fromPoints([1, 7, 2, 7, 3, 7], 2)).toThrow(/Column 1 is 7 in every row/);
    expect(() => data.fromPoints(table(9), 3, { heldOutFraction: 1 })).toThrow(/held-out fraction is 1/);
    expect(() => data.fromPoints(table(9), 3, { heldOutFraction: Number.NaN })).toThrow(ArgumentError);
  });
});

describe("standardisation", () => {
  test("mean, deviation and log-determinant of known columns", () => {
    const scaling = data.standardisation(Float32Array.of(1, 10, 3, 30, 5, 20, 7, 40), 2);
    // Variances of 1, 3, 5, 7 and of 10 … 40 over the number of rows: 5 and 125.
    expect([...scaling.mean]).toEqual([4, 25]);
    expect(scaling.std[0]).toBe(Math.fround(Math.sqrt(5)));
    expect(scaling.std[1]).toBe(Math.fround(Math.sqrt(125)));
    // −½ log 5 − ½ log 125 but for the float32 rounding of either deviation (6e-8 relative).
    expect(scaling.logDet).toBeCloseTo(-2 * Math.log(5), 6);
  });

  test("standardised columns have mean 0 and deviation 1, and the way back is exact to float32", () => {
    const { points } = data.fromPoints(
      data
        .toy("swissroll")
        .sample(2000, 0)
        .map((v, i) => 1000 * (i % 2) + v),
      2,
    );
    const scaling = data.standardisation(points, 2);
    const flat = data.standardise(points, scaling);
    const again = data.standardisation(flat, 2);
    for (let j = 0; j < 2; j++) {
      // Column 1 sits at 1000: the rounding of its mean is 3e-5, that is 2e-5 of its deviation of 1.4.
      expect(Math.abs(again.mean[j]!)).toBeLessThan(5e-5);
      expect(Math.abs(again.std[j]! - 1)).toBeLessThan(1e-6);
    }
    const back = data.unstandardise(flat, scaling);
    expect(back.every((v, i) => Math.abs(v - points[i]!) <= 1.2e-7 * Math.max(4, Math.abs(v)))).toBe(true);
  });

  test("tiny, huge and distant columns keep their digits", () => {
    const base = [-1, 0, 1, 2];
    const points = Float32Array.from(base.flatMap((v) => [1e-20 * v, 1e20 * v, 65_536 + v]));
    const { std } = data.standardisation(points, 3);
    const exact = Math.sqrt(1.25);
    for (const [j, unit] of [1e-20, 1e20, 1].entries()) {
      // 2e-7: float32 rounding of the points and of the result.
      expect(Math.abs(std[j]! / unit / exact - 1)).toBeLessThan(2e-7);
    }
  });

  test("what float32 cannot scale is refused by column", () => {
    expect(() => data.standardisation(Float32Array.of(0, 1e-35, 1, 2e-35), 2)).toThrow(
      /Column 1 .* standard dev/,
    );
    expect(() => data.standardisation(Float32Array.of(0, 3e38, 1, -3e38), 2)).toThrow(
      /Column 1 .* standard dev/,
    );
    expect(() => data.standardisation(Float32Array.of(1e7, 1e7 + 4, 1e7 + 8), 1)).toThrow(/too far from 0/);
    expect(() => data.standardisation(Float32Array.of(1), 1)).toThrow(/1 row/);
    expect(() => data.standardisation(Float32Array.of(1, 2, 3), 2)).toThrow(ArgumentError);
  });
});

describe("klFromData", () => {
  const set = data.circles({ rows: 2, heldOut: 4000 });
  const truth = Array.from({ length: 4000 }, (_, i) =>
    set.logDensity!(set.heldOut[2 * i]!, set.heldOut[2 * i + 1]!),
  );

  test("is 0 for the true density and a constant for a constant gap", () => {
    expect(data.klFromData(set, truth)).toEqual({ nats: 0, standardError: 0 });
    expect(
      data.klFromData(
        set,
        truth.map((v) => v - 0.25),
      ).nats,
    ).toBeCloseTo(0.25, 12);
  });

  test("of one Gaussian is its NLL less the entropy", () => {
    // The covariance of circles is I · (½ (9 + 2.25)/2 + 0.24²) = 2.8701 I.
    const variance = 2.8701;
    const model = truth.map((_, i) => {
      const r2 = set.heldOut[2 * i]! ** 2 + set.heldOut[2 * i + 1]! ** 2;
      return -r2 / (2 * variance) - Math.log(2 * Math.PI * variance);
    });
    const { nats, standardError } = data.klFromData(set, model);
    // Cross entropy of the matching Gaussian: 1 + log(2π variance) = 3.892.
    const exact = 1 + Math.log(2 * Math.PI * variance) - 3.2681;
    expect(standardError).toBeLessThan(0.03);
    expect(Math.abs(nats - exact)).toBeLessThan(4 * standardError);
  });

  test("−∞ gives +∞; NaN, a wrong length and a set without density are refused", () => {
    expect(data.klFromData(set, [Number.NEGATIVE_INFINITY, ...truth.slice(1)]).nats).toBe(
      Number.POSITIVE_INFINITY,
    );
    expect(() => data.klFromData(set, [Number.NaN, ...truth.slice(1)])).toThrow(/row 0 is NaN/);
    expect(() => data.klFromData(set, truth.slice(1))).toThrow(/3999 model values .* 4000/);
    expect(() => data.klFromData(data.line({ rows: 2, heldOut: 2 }), [0, 0])).toThrow(
      /line has no known density/,
    );
    expect(() => data.klFromData(data.moons({ rows: 2, heldOut: 0 }), [])).toThrow(/no held-out/);
  });
});
