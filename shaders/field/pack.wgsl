// theta in its public order -> the order the kernels read: weights twice (as [in][out] for the forward product, as
// [out][in] for the reverse one, both zero-padded to multiples of 4), then the vectors b, w, g, k of all layers.
//   packed[i] = theta[map[i]], 0 where map[i] is NONE
//
// map      u32 [N]      theta   f32 [P]      packed  f32 [N]
// One invocation per packed entry; runs once per parameter update, bound by memory.

// @include "common/grid.wgsl"

const NONE: u32 = 0xffffffffu;

struct Params {
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> map: array<u32>;
@group(0) @binding(2) var<storage, read> theta: array<f32>;
@group(0) @binding(3) var<storage, read_write> packed: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let i = flat_invocation(group, groups, local, 64u);
  if (i >= params.count) { return; }
  let source = map[i];
  if (source == NONE) {
    packed[i] = 0.0;
  } else {
    packed[i] = theta[source];
  }
}
