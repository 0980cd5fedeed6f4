// Negative log-likelihood of a batch and its cotangents:
//   nll = |z|^2 / 2 + (D / 2) ln 2 pi + Delta,   dL/dz = z / B,   dL/dDelta = 1 / B   for L = mean nll
//
// state      f32: z [samples][dim] at 0, Delta [samples] at delta_at
// nll        f32 [samples]
// state_bar  f32: [samples][dim] at bar_at           delta_bar  f32 [samples]
// One invocation per sample. Bound by latency.

// @include "common/grid.wgsl"

struct Params {
  samples: u32,
  dim: u32,
  delta_at: u32,
  bar_at: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> state: array<f32>;
@group(0) @binding(2) var<storage, read_write> nll: array<f32>;
@group(0) @binding(3) var<storage, read_write> state_bar: array<f32>;
@group(0) @binding(4) var<storage, read_write> delta_bar: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let sample = flat_invocation(group, groups, local, 64u);
  if (sample >= params.samples) { return; }
  let share = 1.0 / f32(params.samples);
  var square = 0.0;
  for (var d = 0u; d < params.dim; d++) {
    let i = sample * params.dim + d;
    let z = state[i];
    square += z * z;
    state_bar[params.bar_at + i] = share * z;
  }
  nll[sample] = 0.5 * square + 0.918938533 * f32(params.dim) + state[params.delta_at + sample];
  delta_bar[sample] = share;
}
