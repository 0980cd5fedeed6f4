// Gaussian probes -> orthogonal probes sqrt(D) q_k with q_1..q_n orthonormal and Haar-random (n <= D), per sample,
// by modified Gram-Schmidt run twice (the second restores orthogonality to rounding).
// n = D makes the estimate exact: sum_k q_k^T J q_k = tr J.
//
// acts  f32; planes at probe_at as [k][sample][ld]
// One invocation per sample, 2 n^2 D multiply-adds with strided access; runs once per solve. On a GPU expect some
// microseconds: too little work to fill it below some thousand samples, and nothing beside the solve.

// @include "common/grid.wgsl"

struct Params {
  samples: u32,
  probes: u32,
  dim: u32,
  ld: u32,
  probe_at: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> acts: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let sample = flat_invocation(group, groups, local, 64u);
  if (sample >= params.samples) { return; }
  let plane = params.samples * params.ld;
  let first = params.probe_at + sample * params.ld;
  for (var k = 0u; k < params.probes; k++) {
    let at = first + k * plane;
    for (var sweep = 0u; sweep < 2u; sweep++) {
      for (var j = 0u; j < k; j++) {
        let other = first + j * plane;
        var along = 0.0;
        for (var d = 0u; d < params.dim; d++) { along += acts[at + d] * acts[other + d]; }
        along /= f32(params.dim);
        for (var d = 0u; d < params.dim; d++) { acts[at + d] -= along * acts[other + d]; }
      }
    }
    var square = 0.0;
    for (var d = 0u; d < params.dim; d++) { square += acts[at + d] * acts[at + d]; }
    let scale = sqrt(f32(params.dim) / square);
    for (var d = 0u; d < params.dim; d++) { acts[at + d] *= scale; }
  }
}
