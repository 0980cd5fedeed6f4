// Rows of the batch in and out of a reverse solve, four columns at a time (entry e = sample LD4 + d4 of a tile).
//
// A kernel that includes this declares `bars` (f32, read_write).

// @include "common/fused.wgsl"
// @include "common/fused_probes.wgsl"

// Four columns of a row of the batch, zero past dim and for rows past the batch.
fn load_bar(at: u32, tile: u32, e: u32) -> vec4<f32> {
  var value = vec4<f32>();
  if (!is_sample(tile, e / LD4)) { return value; }
  let row = at + (tile * TILE + e / LD4) * DIM;
  for (var d = 0u; d < columns_of(e % LD4); d++) {
    let column = 4u * (e % LD4) + d;
    value[d] = bars[row + column];
  }
  return value;
}

fn store_bar(at: u32, tile: u32, e: u32, value: vec4<f32>) {
  if (!is_sample(tile, e / LD4)) { return; }
  let row = at + (tile * TILE + e / LD4) * DIM;
  for (var d = 0u; d < columns_of(e % LD4); d++) {
    let column = 4u * (e % LD4) + d;
    bars[row + column] = value[d];
  }
}
