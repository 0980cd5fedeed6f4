// The trace of df/dz from its tangents, per sample:  tr = weight sum_k e_k . (J e_k), and minus it is dDelta/dt.
// Exact: the unit vectors, weight 1. Hutchinson: n probes, weight 1/n (arXiv:1810.01367).
//
// control     the solve's control block
// acts        vec4; probes at probe_at as [k][sample][ld4], their images J e_k at image_at, likewise
// derivative  f32 [sample] at the bound view: -tr, the last entries of a stage's derivative
// One invocation per sample; reads 2 K D floats. Latency-bound for toy shapes, memory-bound for large K D.

// @include "common/control.wgsl"
// @include "common/grid.wgsl"

struct Params {
  samples: u32,
  probes: u32,
  ld4: u32,
  probe_at: u32,
  image_at: u32,
  weight: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: Control;
@group(0) @binding(2) var<storage, read> acts: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> derivative: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let sample = flat_invocation(group, groups, local, 64u);
  if (control.done != 0u || sample >= params.samples) { return; }
  let plane = params.samples * params.ld4;
  var sum = 0.0;
  for (var k = 0u; k < params.probes; k++) {
    let at = k * plane + sample * params.ld4;
    for (var d = 0u; d < params.ld4; d++) {
      sum += dot(acts[params.probe_at + at + d], acts[params.image_at + at + d]);
    }
  }
  derivative[sample] = -params.weight * sum;
}
