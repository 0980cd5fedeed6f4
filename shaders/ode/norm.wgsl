// Norms behind the first step (Hairer, Norsett and Wanner, Solving ODEs I, II.4), each entry over
// atol + rtol |state|, summed by group (plane 0, further planes, Delta):
//   SECOND = 0: state and k_0      SECOND = 1: k_1 - k_0
//
// control  the solve's control block           state    f32 [N]
// k        f32 [stages][k_stride]              scale    f32 [1], see finish.wgsl
// partial  f32 [workgroup][6]: first norm's three sums, then the second's
// One invocation per entry, tree sums in fixed order; runs once or twice a solve.
// On a GPU expect the rate of memory for large states, and of small ones nothing but the launch.

// @include "common/control.wgsl"
// @include "common/grid.wgsl"
// @const SECOND: u32 = 0

struct Params {
  count: u32,
  plane: u32,
  delta_at: u32,
  total: u32,
  k_stride: u32,
  rtol: f32,
  atol: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: Control;
@group(0) @binding(2) var<storage, read> state: array<f32>;
@group(0) @binding(3) var<storage, read> k: array<f32>;
@group(0) @binding(4) var<storage, read> scale: array<f32>;
@group(0) @binding(5) var<storage, read_write> partial: array<f32>;

var<workgroup> first: array<vec3<f32>, 128>;
var<workgroup> second: array<vec3<f32>, 128>;

fn in_group(square: f32, i: u32) -> vec3<f32> {
  if (i >= params.count) { return vec3<f32>(0.0, 0.0, square); }
  if (i >= params.plane) { return vec3<f32>(0.0, square, 0.0); }
  return vec3<f32>(square, 0.0, 0.0);
}

@compute @workgroup_size(128)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let i = flat_invocation(group, groups, local, 128u);
  first[local] = vec3<f32>();
  second[local] = vec3<f32>();
  if (i < params.total && (i < params.count || i >= params.delta_at)) {
    let atol = params.atol * select(1.0, scale[0], i >= params.plane && i < params.count);
    let size = atol + params.rtol * abs(state[i]);
    if (SECOND == 0u) {
      let a = state[i] / size;
      let b = k[i] / size;
      first[local] = in_group(a * a, i);
      second[local] = in_group(b * b, i);
    } else {
      let a = (k[params.k_stride + i] - k[i]) / size;
      first[local] = in_group(a * a, i);
    }
  }
  for (var half = 64u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) {
      first[local] += first[local + half];
      second[local] += second[local + half];
    }
  }
  if (local == 0u && control.done == 0u) {
    let at = 6u * (group.x + group.y * groups.x);
    for (var j = 0u; j < 3u; j++) {
      partial[at + j] = first[0][j];
      partial[at + 3u + j] = second[0][j];
    }
  }
}
