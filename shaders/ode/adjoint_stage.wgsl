// One stage of the discrete adjoint (exact gradient of the numbers a solve computed), i = s..1:
//   kappa_i = b_i z_bar + sum_{j > i} a_ji Z_bar_j,   seed of the field's reverse sweep = h kappa_i
// It takes in Z_bar of the stage after (what the last sweep returned), and puts the kept point Z_i back.
//
// control   the reverse control block           kept    f32 [step][stages][N_z]: Z_i of the forward solve
// point     f32: where the field wants Z_i      seed    f32: where its sweep wants the seed; rows of ld
// gradient  f32: where the last sweep left Z_bar; rows of ld
// bars      f32 [stages][N_z] Z_bar_i, then [N_z] z_bar of step n + 1 (turned into that of n), then [N_z] kappa_i
// One invocation per entry. Bound by memory. LAST = 1 (end of a step): z_bar += sum_i Z_bar_i.

// @include "common/control.wgsl"
// @include "common/grid.wgsl"
// @const LAST: u32 = 0

struct Params {
  count: u32,       // N_z = samples * dim
  dim: u32,
  ld: u32,
  stage: u32,
  stages: u32,
  taken: u32,       // stage whose Z_bar is to be taken in; stages: none
  b: f32,
  used: u32,        // bit j: stage j has a Z_bar in this step
  gradient_at: u32, // where Z_bar starts in `gradient`
  a: array<vec4<f32>, 4>,   // a_ji for all j (0 where j <= i)
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: Control;
@group(0) @binding(2) var<storage, read> kept: array<f32>;
@group(0) @binding(3) var<storage, read_write> point: array<f32>;
@group(0) @binding(4) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(5) var<storage, read_write> seed: array<f32>;
@group(0) @binding(6) var<storage, read_write> bars: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let e = flat_invocation(group, groups, local, 64u);
  if (control.done != 0u || e >= params.count) { return; }
  let at = (e / params.dim) * params.ld + e % params.dim;
  if (params.taken < params.stages) { bars[params.taken * params.count + e] = gradient[params.gradient_at + at]; }
  let state_bar = params.stages * params.count + e;
  if (LAST == 1u) {
    var sum = bars[state_bar];
    for (var j = 0u; j < params.stages; j++) {
      if (((params.used >> j) & 1u) != 0u) { sum += bars[j * params.count + e]; }
    }
    bars[state_bar] = sum;
    return;
  }
  var kappa = params.b * bars[state_bar];
  for (var j = params.stage + 1u; j < params.stages; j++) {
    if (((params.used >> j) & 1u) != 0u) {
      kappa += params.a[j / 4u][j % 4u] * bars[j * params.count + e];
    }
  }
  bars[state_bar + params.count] = kappa;
  seed[at] = control.h * kappa;
  point[at] = kept[(control.accepted * params.stages + params.stage) * params.count + e];
}
