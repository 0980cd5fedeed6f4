/**
 * Random numbers that are the same on every device: xoshiro128** (D. Blackman and S. Vigna, "Scrambled linear
 * pseudorandom number generators", arXiv:1805.01407), its state filled by the finaliser of MurmurHash3.
 */

/** @param seed an integer @returns uniform numbers in [0, 1) with 53 bits */
export function uniforms(seed: number): () => number {
  const words = [1, 2, 3, 4].map((i) => mixed(seed + Math.imul(i, 0x9e3779b9)));
  const next = xoshiro(words as [number, number, number, number]);
  return () => ((next() >>> 5) * 2 ** 26 + (next() >>> 6)) / 2 ** 53;
}

/** @param state not all 0 @returns words of 32 bits */
export function xoshiro([a, b, c, d]: readonly [number, number, number, number]): () => number {
  return () => {
    const result = Math.imul(turned(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = turned(d, 11);
    return result;
  };
}

function turned(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}

function mixed(x: number): number {
  let h = x | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
