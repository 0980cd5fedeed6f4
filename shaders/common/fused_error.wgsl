// How a tile that chooses its own steps measures an error: squares of scaled entries, added over its invocations.
//
// A kernel that includes this declares what steering.wgsl wants.

// @include "common/fused.wgsl"
// @include "common/steering.wgsl"

var<workgroup> shares: array<vec4<f32>, GROUP>;

// Sum over the columns that are there of (value / (atol + rtol |size|))^2.
fn scaled_square(value: vec4<f32>, size: vec4<f32>, atol: f32, d4: u32) -> f32 {
  var sum = 0.0;
  for (var d = 0u; d < 4u; d++) {
    if (4u * d4 + d < DIM) {
      let ratio = value[d] / (atol + settings.rtol * abs(size[d]));
      sum += ratio * ratio;
    }
  }
  return sum;
}

// Shares of all invocations added in fixed order; of use to invocation 0 alone. Rows past the batch have no share.
fn add_shares(tile: u32, mine: vec4<f32>, local: u32) -> vec4<f32> {
  shares[local] = mine;
  workgroupBarrier();
  var sum = vec4<f32>();
  if (local == 0u) {
    for (var other = 0u; other < GROUP; other++) { sum += shares[other]; }
    sum *= f32(TILE) / f32(min(TILE, params.samples - tile * TILE));
  }
  return sum;
}
