import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../src/gpu/errors.js";
import { NORMAL_TABLE } from "../../src/tensor/normal-table.js";
import { mulhi, philox4x32, RandomStream } from "../../src/tensor/philox.js";
import {
  normalFromBits,
  normalSegment,
  PURPOSE,
  randomIndices,
  randomNormal,
  randomRademacher,
  randomUniform,
  uniformFromBits,
} from "../../src/tensor/random.js";

const N = 200_000;
const key = { seed: 7, purpose: PURPOSE.user, step: 3 };

/** Wichura's PPND16 (algorithm AS 241, Applied Statistics 37, 1988): Φ^-1(1 − p) for p ≤ ½ to 1e-15. */
function wichura(p: number): number {
  const rational = (a: readonly number[], b: readonly number[], r: number) =>
    a.reduceRight((sum, c) => sum * r + c, 0) / b.reduceRight((sum, c) => sum * r + c, 0);
  const q = 0.5 - p;
  if (q <= 0.425) {
    const a = [
      3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987,
      67265.7709270087, 33430.57558358813, 2509.0809287301227,
    ];
    const b = [
      1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271,
      28729.085735721943, 5226.495278852546,
    ];
    return q * rational(a, b, 0.180625 - q * q);
  }
  const r = Math.sqrt(-Math.log(p));
  if (r <= 5) {
    const a = [
      1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684,
      0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
    ];
    const b = [
      1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
      0.0005475938084995345, 1.0507500716444169e-9,
    ];
    return rational(a, b, r - 1.6);
  }
  throw new Error("a 31-bit tail never gets here: sqrt(33 log 2) < 5");
}

/** Largest gap between the empirical distribution of `values` and `cdf`. */
function kolmogorovSmirnov(values: Float32Array | Float64Array, cdf: (x: number) => number): number {
  const sorted = values.slice().sort();
  let gap = 0;
  for (let i = 0; i < sorted.length; i++) {
    const f = cdf(sorted[i]!);
    gap = Math.max(gap, Math.abs(f - i / sorted.length), Math.abs(f - (i + 1) / sorted.length));
  }
  return gap;
}

/** Φ by the series φ(z) Σ z^(2k+1)/(2k+1)!!, to 1e-12 for |z| < 6.4. */
function normalCdf(z: number): number {
  let term = z;
  let sum = z;
  for (let k = 3; Math.abs(term) > 1e-15; k += 2) {
    term *= (z * z) / k;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}

function moments(values: ArrayLike<number>): number[] {
  return [1, 2, 3, 4].map((k) => Array.from(values).reduce((sum, x) => sum + x ** k, 0) / values.length);
}

describe("Philox4x32-10", () => {
  // The three vectors for philox4x32, 10 rounds, in Random123's tests/kat_vectors.
  test.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ] as [[number, number, number, number], [number, number], number[]][])(
    "published answer for counter %j, key %j",
    (counter, k, expected) => {
      expect(philox4x32(counter, k)).toEqual(expected);
    },
  );

  test("mulhi equals the 64-bit product", () => {
    const nasty = [0, 1, 0xffff, 0x10000, 0x10001, 0x7fffffff, 0x80000000, 0xd2511f53, 0xffffffff];
    for (const a of nasty) {
      for (const b of nasty) expect(mulhi(a, b)).toBe(Number((BigInt(a) * BigInt(b)) >> 32n));
    }
  });
});

describe("random arrays", () => {
  test("element i is word i & 3 of block i >> 2 under the documented counter and key", () => {
    const words = philox4x32([2, 3, PURPOSE.user, 0], [5, 2]);
    const values = randomUniform(12, { seed: 2 * 2 ** 32 + 5, purpose: PURPOSE.user, step: 3 });
    expect(Array.from(values.slice(8))).toEqual(words.map(uniformFromBits));
  });

  test("a longer array continues a shorter one; seed, purpose and step each change it", () => {
    const short = randomNormal(5, key);
    expect(randomNormal(9, key).slice(0, 5)).toEqual(short);
    for (const other of [{ seed: 8 }, { purpose: PURPOSE.base }, { step: 4 }, { seed: 7 + 2 ** 32 }]) {
      expect(randomNormal(5, { ...key, ...other })).not.toEqual(short);
    }
    expect(randomUniform(0, key)).toHaveLength(0);
  });

  test("uniform: inside (0, 1) at the extremes, and uniform", () => {
    expect(uniformFromBits(0)).toBe(2 ** -24);
    expect(uniformFromBits(0xffffffff)).toBe(1 - 2 ** -24);
    const values = randomUniform(N, key);
    // 1.95/√N is the KS quantile of probability 1 − 1e-3; the seed is fixed, so this passes or fails for good.
    expect(kolmogorovSmirnov(values, (x) => x)).toBeLessThan(1.95 / Math.sqrt(N));
    // Neighbours (words of one block) are uncorrelated: 4 standard errors.
    let product = 0;
    for (let i = 1; i < N; i++) product += (values[i]! - 0.5) * (values[i - 1]! - 0.5) * 12;
    expect(Math.abs(product / N)).toBeLessThan(4 / Math.sqrt(N));
  });

  test("Rademacher: ±1 in balance", () => {
    const values = randomRademacher(N, key);
    expect(new Set(values)).toEqual(new Set([1, -1]));
    expect(Math.abs(moments(values)[0]!)).toBeLessThan(4 / Math.sqrt(N));
  });

  test("indices: in range, every one hit, and chi² as for a uniform draw", () => {
    const bound = 10;
    const counts = new Array<number>(bound).fill(0);
    for (const i of randomIndices(N, bound, key)) counts[i]!++;
    const chi2 = counts.reduce((sum, c) => sum + (c - N / bound) ** 2 / (N / bound), 0);
    // 27.9 is the 0.999 quantile of chi² with 9 degrees of freedom.
    expect(chi2).toBeLessThan(27.9);
    expect(Math.max(...randomIndices(1000, 0xffffffff, key))).toBeLessThan(0xffffffff);
  });

  test("normal: moments and KS distance", () => {
    const values = randomNormal(N, key);
    const [m1, m2, m3, m4] = moments(values) as [number, number, number, number];
    // Standard errors of the raw moments of N(0, 1): √(1, 2, 15, 96)/√N; 4 of them.
    expect(Math.abs(m1)).toBeLessThan(4 / Math.sqrt(N));
    expect(Math.abs(m2 - 1)).toBeLessThan(4 * Math.sqrt(2 / N));
    expect(Math.abs(m3)).toBeLessThan(4 * Math.sqrt(15 / N));
    expect(Math.abs(m4 - 3)).toBeLessThan(4 * Math.sqrt(96 / N));
    expect(kolmogorovSmirnov(values, normalCdf)).toBeLessThan(1.95 / Math.sqrt(N));
  });

  test.each([
    [{ seed: -1 }],
    [{ seed: 0.5 }],
    [{ seed: Number.NaN }],
    [{ purpose: 2 ** 32 }],
    [{ step: -1 }],
    [{ step: 2 ** 32 }],
  ])("a key with %j is refused", (wrong) => {
    expect(() => randomUniform(4, { ...key, ...wrong })).toThrow(ArgumentError);
  });

  test("a wrong length or bound is refused", () => {
    for (const n of [-1, 1.5, Number.NaN]) expect(() => randomNormal(n, key)).toThrow(ArgumentError);
    expect(() => randomIndices(4, 0, key)).toThrow(ArgumentError);
  });
});

describe("the fixed-point normal quantile", () => {
  /** Words whose tails cover every segment, its edges, and a low-discrepancy sweep of all 2^31. */
  function* sweep(): Generator<number> {
    for (let zeros = 0; zeros < 31; zeros++) {
      for (let s = 0; s <= 16; s++) {
        const edge = Math.floor(2 ** (30 - zeros) * (1 + s / 16));
        for (let d = -3; d <= 3; d++) if (edge + d >= 0 && edge + d < 2 ** 31) yield edge + d;
      }
    }
    for (let i = 0; i < 300_000; i++) yield Math.imul(i, 0x9e3779b1) >>> 1;
    // The same sweep squeezed into each of the deep octaves, which a uniform one hardly visits.
    for (let zeros = 8; zeros < 31; zeros++) {
      for (let i = 0; i < 2000; i++) yield (Math.imul(i, 0x9e3779b1) >>> 1) >>> zeros;
    }
  }

  test("error against float64 stays within the approximation plus half an ulp of f32", () => {
    let worst = 0;
    for (const word of sweep()) {
      const truth = wichura((2 * word + 1) * 2 ** -33);
      const halfUlp = truth < 1 ? 2 ** -25 : 2 ** (Math.floor(Math.log2(truth)) - 24);
      worst = Math.max(worst, Math.abs(normalFromBits(word) - truth) - halfUlp);
    }
    // 2e-8 is what the documentation promises beyond the f32 rounding (1.5e-8 when it was made).
    expect(worst).toBeLessThan(2e-8);
  });

  test("every value is an f32, odd in the sign bit, and positive zero at the centre", () => {
    for (const word of [0, 1, 2, 5, 0x12345678, 0x7ffffffe, 0x7fffffff]) {
      const z = normalFromBits(word);
      expect(Math.fround(z)).toBe(z);
      expect(normalFromBits((word | 0x80000000) >>> 0)).toBe(-z + 0);
    }
    expect(normalFromBits(0xffffffff)).toBe(0);
  });

  test("the furthest value is the quantile of 2^-33", () => {
    expect(normalFromBits(0)).toBeCloseTo(wichura(2 ** -33), 6);
    expect(normalFromBits(0)).toBeGreaterThan(6.3);
  });

  test("segments stay inside the table", () => {
    expect(NORMAL_TABLE).toHaveLength(512 * 4);
    expect(normalSegment(0)).toBe(31 * 16);
    expect(normalSegment(0x7fffffff)).toBe(15);
    expect(normalSegment(0x80000000)).toBe(31 * 16);
  });
});

describe("RandomStream", () => {
  test("a stream is a function of seed and purpose", () => {
    const take = (seed: number, purpose: number) => {
      const stream = new RandomStream(seed, purpose);
      return [stream.uniform(), stream.normal(), stream.integer(1000), stream.normal()];
    };
    expect(take(1, 5)).toEqual(take(1, 5));
    expect(take(1, 5)).not.toEqual(take(2, 5));
    expect(take(1, 5)).not.toEqual(take(1, 4));
  });

  test("uniform, normal and integer have their distributions", () => {
    const stream = new RandomStream(11, PURPOSE.data);
    const uniform = Float64Array.from({ length: N }, () => stream.uniform());
    const normal = Float64Array.from({ length: N }, () => stream.normal());
    // 1.95/√N as above.
    expect(kolmogorovSmirnov(uniform, (x) => x)).toBeLessThan(1.95 / Math.sqrt(N));
    expect(kolmogorovSmirnov(normal, normalCdf)).toBeLessThan(1.95 / Math.sqrt(N));
    const seen = new Set(Array.from({ length: 1000 }, () => stream.integer(6)));
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(stream.integer(1)).toBe(0);
  });

  test("wrong arguments are refused", () => {
    expect(() => new RandomStream(-1, 0)).toThrow(ArgumentError);
    expect(() => new RandomStream(0, 0.5)).toThrow(ArgumentError);
    expect(() => new RandomStream(0, 0).integer(0)).toThrow(ArgumentError);
  });
});
