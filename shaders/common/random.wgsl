// @include "common/philox.wgsl"

// Random words and their simplest uses; the CPU twin is src/tensor/random.ts. Element i of an array is
// component i & 3 of random_words(i >> 2, …).
fn random_words(index: u32, step: u32, purpose: u32, seed: vec2<u32>) -> vec4<u32> {
  return philox(vec4<u32>(index, step, purpose, 0u), seed);
}

// Uniform on (0, 1): an odd multiple of 2^-24. The odd 24-bit integer and its scaling are exact in f32.
fn uniform_from_bits(word: u32) -> f32 {
  return f32((word >> 8u) | 1u) * 0x1p-24f;
}

// ±1 from the top bit: 1 is −1.
fn rademacher_from_bits(word: u32) -> f32 {
  return select(1.0f, -1.0f, (word >> 31u) == 1u);
}

// Uniform integer in [0, bound): the high word of word·bound; bias below bound·2^-32.
fn index_from_bits(word: u32, bound: u32) -> u32 {
  return mulhi(word, bound);
}
