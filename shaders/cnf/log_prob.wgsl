// Log-density of points that a solve has carried to the base:
//   log_prob = -|z|^2 / 2 - (D / 2) ln 2 pi - Delta - ln prod std
//
// state  f32: z [samples][dim] at 0, Delta [samples] at delta_at       log_prob  f32 [..], from result_at on
//
// One invocation per sample; workgroups of 64 on a folded grid. Bound by latency.

// @include "common/grid.wgsl"

struct Params {
  samples: u32,
  dim: u32,
  delta_at: u32,
  result_at: u32,
  /// (D / 2) ln 2 pi + ln prod std.
  constant: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> state: array<f32>;
@group(0) @binding(2) var<storage, read_write> log_prob: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let sample = flat_invocation(group, groups, local, 64u);
  if (sample >= params.samples) { return; }
  var square = 0.0;
  for (var d = 0u; d < params.dim; d++) {
    let z = state[sample * params.dim + d];
    square += z * z;
  }
  log_prob[params.result_at + sample] = -0.5 * square - params.constant - state[params.delta_at + sample];
}
