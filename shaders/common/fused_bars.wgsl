// Rows of the batch in and out of a reverse solve, four columns at a time (entry e = sample LD4 + d4 of a tile).
//
// A kernel that includes this declares `bars` (f32, read_write) and `probes` (vec4 [k][sample][LD4]).

// @include "common/fused.wgsl"

// Four columns of a row of the batch, zero past dim and for rows past the batch.
fn load_bar(at: u32, tile: u32, e: u32) -> vec4<f32> {
  var value = vec4<f32>();
  if (!is_sample(tile, e / LD4)) { return value; }
  let row = at + (tile * TILE + e / LD4) * params.dim;
  for (var d = 0u; d < 4u; d++) {
    let column = 4u * (e % LD4) + d;
    if (column < params.dim) { value[d] = bars[row + column]; }
  }
  return value;
}

fn store_bar(at: u32, tile: u32, e: u32, value: vec4<f32>) {
  if (!is_sample(tile, e / LD4)) { return; }
  let row = at + (tile * TILE + e / LD4) * params.dim;
  for (var d = 0u; d < 4u; d++) {
    let column = 4u * (e % LD4) + d;
    if (column < params.dim) { bars[row + column] = value[d]; }
  }
}

fn probe_at(tile: u32, slot: u32, e: u32) -> vec4<f32> {
  return probes[((slot - 1u) * params.samples + sample_of(tile, e / LD4)) * LD4 + e % LD4];
}
