// End of a Runge-Kutta step: the new state and, for adaptive steps, the sums behind its error ratio.
//   next = state + h sum_j b_j k_j,   err = h sum_j e_j k_j
//   ratio = err / (atol + rtol max(|state|, |next|))
// The state's rows fall into three groups whose root mean squares are compared: plane 0 (z), further planes
// (tangents, or the cotangent of a continuous adjoint, with an absolute tolerance of its own), and Delta.
//
// control  the solve's control block           state, next  f32 [N]: planes x samples x dim, pad, Delta
// k        f32 [stages][k_stride]              partial      f32 [workgroup][3]: sums of ratio squared by group
// scale    f32 [1]: absolute tolerance of the further planes, relative to atol
// One invocation per entry; a workgroup adds its 128 terms by a tree in fixed order. Bound by memory.

// @include "common/control.wgsl"
// @include "common/grid.wgsl"
// @const ADAPTIVE: u32 = 0

struct Params {
  count: u32,       // N_z
  plane: u32,       // entries of plane 0
  delta_at: u32,    // where Delta starts
  total: u32,       // delta_at + samples, or N_z without Delta
  stages: u32,
  k_stride: u32,
  rtol: f32,
  atol: f32,
  b: array<vec4<f32>, 4>,
  e: array<vec4<f32>, 4>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: Control;
@group(0) @binding(2) var<storage, read> state: array<f32>;
@group(0) @binding(3) var<storage, read> k: array<f32>;
@group(0) @binding(4) var<storage, read> scale: array<f32>;
@group(0) @binding(5) var<storage, read_write> next: array<f32>;
@group(0) @binding(6) var<storage, read_write> partial: array<f32>;

var<workgroup> sums: array<vec3<f32>, 128>;

@compute @workgroup_size(128)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let i = flat_invocation(group, groups, local, 128u);
  let live = control.done == 0u && i < params.total && (i < params.count || i >= params.delta_at);
  var term = vec3<f32>();
  if (live) {
    var step = 0.0;
    var error = 0.0;
    for (var j = 0u; j < params.stages; j++) {
      let kj = k[j * params.k_stride + i];
      step += params.b[j / 4u][j % 4u] * kj;
      if (ADAPTIVE == 1u) { error += params.e[j / 4u][j % 4u] * kj; }
    }
    let before = state[i];
    let after = before + control.h * step;
    next[i] = after;
    if (ADAPTIVE == 1u) {
      let further = i >= params.plane && i < params.count;
      let atol = params.atol * select(1.0, scale[0], further);
      let ratio = control.h * error / (atol + params.rtol * max(abs(before), abs(after)));
      let square = ratio * ratio;
      if (i >= params.count) {
        term.z = square;
      } else if (further) {
        term.y = square;
      } else {
        term.x = square;
      }
    }
  }
  if (ADAPTIVE == 0u) { return; }
  sums[local] = term;
  for (var half = 64u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) { sums[local] += sums[local + half]; }
  }
  if (local == 0u && control.done == 0u) {
    let at = 3u * (group.x + group.y * groups.x);
    partial[at] = sums[0].x;
    partial[at + 1u] = sums[0].y;
    partial[at + 2u] = sums[0].z;
  }
}
