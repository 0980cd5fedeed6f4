/**
 * Philox4x32-10, a counter-based random generator: a block cipher of ten rounds turns (counter, key) into
 * four 32-bit words, so that any word of any stream is computed without the ones before it.
 * Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011
 * (doi:10.1145/2063384.2063405). The constants are those of the paper; the tests hold its published answers.
 * The WGSL twin is shaders/common/philox.wgsl.
 */
import { integerIn } from "../gpu/errors.js";

const ROUNDS = 10;
const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
/** Weyl increments of the key: the golden ratio and √3 − 1, in 32 bits. */
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;

/** High 32 bits of the 64-bit product of two u32. Each partial product stays below 2^49, hence exact. */
export function mulhi(a: number, b: number): number {
  const low = Math.floor((a * (b & 0xffff)) / 0x10000);
  return Math.floor((a * (b >>> 16) + low) / 0x10000);
}

/**
 * Ten rounds of Philox4x32 into `out` (four words), without allocating.
 * @param out receives the block; counter and key are u32.
 */
export function philoxInto(
  out: Uint32Array,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
): void {
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = mulhi(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = mulhi(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** One block: four u32 from a counter of four u32 and a key of two u32. */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  const out = new Uint32Array(4);
  philoxInto(out, counter[0], counter[1], counter[2], counter[3], key[0], key[1]);
  return [out[0]!, out[1]!, out[2]!, out[3]!];
}

/**
 * The key of a seed: its low and high 32 bits.
 * @throws ArgumentError unless the seed is an integer from 0 to 2^53 − 1.
 */
export function seedWords(seed: number): [number, number] {
  integerIn("The seed", seed, 0);
  return [seed >>> 0, Math.floor(seed / 2 ** 32)];
}

/**
 * A sequential stream of float64 numbers for work that stays on the CPU (data sets, shuffles). Its counters
 * carry a 1 in the last word, so it never shares a block with the arrays of random.ts, which carry a 0.
 */
export class RandomStream {
  readonly #key: readonly [number, number];
  readonly #purpose: number;
  readonly #words = new Uint32Array(4);
  #block = 0;
  #next = 4;
  #spare = Number.NaN;

  /** @throws ArgumentError unless seed is an integer from 0 to 2^53 − 1 and purpose a u32. */
  constructor(seed: number, purpose: number) {
    this.#key = seedWords(seed);
    this.#purpose = integerIn("The purpose of a random stream", purpose, 0, 0xffffffff);
  }

  #word(): number {
    if (this.#next === 4) {
      const high = Math.floor(this.#block / 2 ** 32);
      philoxInto(this.#words, this.#block >>> 0, high, this.#purpose, 1, this.#key[0], this.#key[1]);
      this.#block++;
      this.#next = 0;
    }
    return this.#words[this.#next++]!;
  }

  /** Uniform on (0, 1): an odd multiple of 2^-53, so neither 0 nor 1 nor ½ ever comes. */
  uniform(): number {
    const high = this.#word() >>> 6;
    const low = this.#word() >>> 6;
    return (high * 2 ** 26 + low) * 2 ** -52 + 2 ** -53;
  }

  /** Standard normal by Marsaglia's polar method (SIAM Review 6(3), 1964): exact but for float64 rounding. */
  normal(): number {
    if (!Number.isNaN(this.#spare)) {
      const value = this.#spare;
      this.#spare = Number.NaN;
      return value;
    }
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const s = x * x + y * y;
      if (s < 1) {
        const factor = Math.sqrt((-2 * Math.log(s)) / s);
        this.#spare = y * factor;
        return x * factor;
      }
    }
  }

  /**
   * Uniform integer in [0, n); the bias of scaling a 52-bit number is below n·2^-52.
   * @throws ArgumentError unless n is an integer from 1 to 2^32.
   */
  integer(n: number): number {
    return Math.floor(this.uniform() * integerIn("The bound of a random integer", n, 1, 2 ** 32));
  }
}
