/**
 * Random arrays with the same bits on CPU and GPU (shaders/common/{philox,random,normal}.wgsl are the twins).
 * Only integer arithmetic and exact conversions are used, so no driver can round or contract them differently.
 *
 * Element i of an array is word i & 3 of the Philox4x32-10 block
 *   counter = (i >> 2, step, purpose, 0),  key = (low, high 32 bits of the seed),
 * so an array is a function of (seed, purpose, step), and a longer one continues a shorter one.
 */
import { integerIn } from "../gpu/errors.js";
import { NORMAL_TABLE } from "./normal-table.js";
import { mulhi, philoxInto, seedWords } from "./philox.js";

/** What numbers are drawn for; one seed gives independent streams for each. Saved runs rely on the numbers. */
export const PURPOSE = {
  /** Initial weights. */
  init: 1,
  /** Indices of a training batch. */
  batch: 2,
  /** Probes of Hutchinson's trace estimator. */
  probe: 3,
  /** Samples of the base distribution. */
  base: 4,
  /** Synthetic data sets. */
  data: 5,
  /** The public random tensors. */
  user: 6,
  /** Splits into training and held-out rows. */
  split: 7,
  /** Rows, base points and times of flow matching. */
  matchRows: 8,
  matchBase: 9,
  matchTimes: 10,
} as const;

export interface RandomKey {
  /** Integer from 0 to 2^53 − 1. */
  readonly seed: number;
  /** u32, usually one of PURPOSE. */
  readonly purpose: number;
  /** u32: training step, or number of the draw. */
  readonly step: number;
}

/** Uniform on (0, 1) with 23 random bits: an odd multiple of 2^-24, exact in f32. */
export function uniformFromBits(word: number): number {
  return ((word >>> 8) | 1) * 2 ** -24;
}

/** ±1 from the top bit: 1 is −1. */
export function rademacherFromBits(word: number): number {
  return word >>> 31 ? -1 : 1;
}

/** Uniform integer in [0, bound), bound a u32: the high word of word·bound; bias below bound·2^-32. */
export function indexFromBits(word: number, bound: number): number {
  return mulhi(word, bound);
}

/** Row of NORMAL_TABLE for a word: leading zeros and next four bits of v = 2(word mod 2^31) + 1. */
export function normalSegment(word: number): number {
  const v = ((word << 1) | 1) >>> 0;
  const zeros = Math.clz32(v);
  // v << zeros has its leading one at the top; the shift by one more drops it.
  return zeros * 16 + (((v << zeros) << 1) >>> 28);
}

/**
 * Standard normal from one word: the sign is bit 31, the magnitude Φ^-1(1 − v·2^-33), v as in normalSegment,
 * by Horner's rule in integers (units of 2^-28), rounded half up to 24 significant bits, hence exact in f32.
 * The fixed-point value is within 2e-8 of the true quantile, and the rounding adds at most half an f32 ulp:
 * in all 1.3e-7 for |z| < 4, 2.5e-7 beyond. |z| ≤ 6.34; values are multiples of 2^-28, 0 included.
 */
export function normalFromBits(word: number): number {
  const v = ((word << 1) | 1) >>> 0;
  const row = 4 * normalSegment(word);
  // Position within the segment as a fraction in units of 2^-32.
  const x = ((v << Math.clz32(v)) << 5) >>> 0;
  let z = NORMAL_TABLE[row + 3]!;
  for (let k = 2; k >= 0; k--) z = NORMAL_TABLE[row + k]! + scaleByFraction(z, x);
  z = roundTo24Bits(Math.max(z, 0));
  return (word >>> 31 ? -z : z) * 2 ** -28 + 0;
}

/** floor(a·x / 2^32) for a signed a and an unsigned x, as the GPU computes it from unsigned products. */
function scaleByFraction(a: number, x: number): number {
  return mulhi(a >>> 0, x) - (a < 0 ? x : 0);
}

/** Nearest integer of at most 24 significant bits, for 0 ≤ a < 2^31. */
function roundTo24Bits(a: number): number {
  const drop = 8 - Math.clz32(a);
  return drop > 0 ? ((a + (1 << (drop - 1))) >>> drop) * 2 ** drop : a;
}

/** Checks the length of an array before it is allocated: element indices are u32. */
function checkedLength(n: number): number {
  return integerIn("The length of a random array", n, 0, 2 ** 32);
}

/** Fills `out` from the words of a key, one Philox block for four elements. */
function fill<A extends Float32Array | Uint32Array>(
  out: A,
  key: RandomKey,
  fromBits: (word: number) => number,
): A {
  integerIn("The purpose of a random array", key.purpose, 0, 0xffffffff);
  integerIn("The step of a random array", key.step, 0, 0xffffffff);
  const [low, high] = seedWords(key.seed);
  const words = new Uint32Array(4);
  for (let index = 0; index < out.length; index++) {
    if (index % 4 === 0) philoxInto(words, index / 4, key.step, key.purpose, 0, low, high);
    out[index] = fromBits(words[index % 4]!);
  }
  return out;
}

/**
 * [n] values uniform on (0, 1).
 * @throws ArgumentError for a length, seed, purpose or step out of range (so do the functions below).
 */
export function randomUniform(n: number, key: RandomKey): Float32Array<ArrayBuffer> {
  return fill(new Float32Array(checkedLength(n)), key, uniformFromBits);
}

/** [n] standard normal values. */
export function randomNormal(n: number, key: RandomKey): Float32Array<ArrayBuffer> {
  return fill(new Float32Array(checkedLength(n)), key, normalFromBits);
}

/** [n] values ±1, each with probability ½. */
export function randomRademacher(n: number, key: RandomKey): Float32Array<ArrayBuffer> {
  return fill(new Float32Array(checkedLength(n)), key, rademacherFromBits);
}

/** [n] integers uniform in [0, bound): how a batch is drawn, with replacement. */
export function randomIndices(n: number, bound: number, key: RandomKey): Uint32Array<ArrayBuffer> {
  integerIn("The bound of random indices", bound, 1, 0xffffffff);
  return fill(new Uint32Array(checkedLength(n)), key, (word) => indexFromBits(word, bound));
}
