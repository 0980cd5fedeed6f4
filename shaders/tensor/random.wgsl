// Fills an array with random numbers: output[i] = g(word i & 3 of Philox(i >> 2, step, purpose; seed)) with
// g uniform on (0, 1), standard normal, or ±1 by KIND. The same bits as src/tensor/random.ts.
//
// Buffers: output [count] f32; normal_table [512] vec4<i32>, read when KIND = 1.
// Invocation j owns elements 4j … 4j + 3, the words of one Philox block; workgroups of 64 on a folded grid.
// Why: a block costs ten rounds of integer products, about 300 instructions, and gives four words; sharing it
// through workgroup memory would save nothing. On a real GPU it should be bound by integer throughput for
// KIND 1 and near the write bandwidth otherwise; the table (8 KiB) stays in cache.
// Source: Salmon et al., SC 2011 (Philox); inverse distribution in fixed point, see common/normal.wgsl.

// @include "common/grid.wgsl"
// @include "common/random.wgsl"
// @include "common/normal.wgsl"

// 0 uniform, 1 normal, 2 Rademacher.
// @const KIND: u32 = 0

struct Params {
  count: u32,
  purpose: u32,
  step: u32,
  seed_low: u32,
  seed_high: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> output: array<f32>;
@group(0) @binding(2) var<storage, read> normal_table: array<vec4<i32>>;

fn draw(word: u32) -> f32 {
  if (KIND == 1u) {
    return normal_from_bits(word, normal_table[normal_segment(word)]);
  }
  if (KIND == 2u) {
    return rademacher_from_bits(word);
  }
  return uniform_from_bits(word);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let quad = flat_invocation(group, groups, local, 64u);
  // Compared in fours, because 4·quad may pass 2^32 on the last row of a folded grid.
  if (quad >= (params.count + 3u) / 4u) {
    return;
  }
  let words = random_words(quad, params.step, params.purpose, vec2<u32>(params.seed_low, params.seed_high));
  let first = 4u * quad;
  let last = min(4u, params.count - first);
  for (var i = 0u; i < last; i++) {
    output[first + i] = draw(words[i]);
  }
}
