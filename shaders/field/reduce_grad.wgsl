// Chunks of gradients -> the gradient in the public order of theta, added in chunk order:
//   theta_bar[p] = sign sum_chunk partial[chunk][map[p]]
// swish's beta and the two time sums are sums over all columns and chunks of their vector.
//
// map      u32 [P]: place in a chunk, or COLUMN_SUM + place of the vector whose V columns are to be added
// partial  f32 [chunk][length]        theta_bar  f32 [P]
// One invocation per parameter (coalesced up to the transposition of W); the few column sums walk V x chunks
// entries alone, which is a microsecond on a GPU. Bound by memory.

// @include "common/grid.wgsl"

const COLUMN_SUM: u32 = 0x80000000u;

struct Params {
  count: u32,
  chunks: u32,
  length: u32,    // f32 in a chunk
  columns: u32,   // V
  sign: f32,      // -1: the sums ran backward in time (continuous adjoint)
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> map: array<u32>;
@group(0) @binding(2) var<storage, read> partial: array<f32>;
@group(0) @binding(3) var<storage, read_write> theta_bar: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let p = flat_invocation(group, groups, local, 64u);
  if (p >= params.count) { return; }
  let place = map[p] & ~COLUMN_SUM;
  let terms = select(1u, params.columns, (map[p] & COLUMN_SUM) != 0u);
  var sum = 0.0;
  for (var chunk = 0u; chunk < params.chunks; chunk++) {
    let at = chunk * params.length + place;
    for (var i = 0u; i < terms; i++) {
      sum += partial[at + i];
    }
  }
  theta_bar[p] = params.sign * sum;
}
