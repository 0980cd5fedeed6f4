// Seeds of a reverse sweep on the tangents' side:  J e_k bar = -factor * weight * a_Delta * e_k
// (the scalar behind an adjoint is a.f - a_Delta tr, so a tangent's cotangent is its probe). In the discrete
// adjoint factor = h b of the stage; in the continuous one 1, and the value's seed is a copy of the cotangent a.
// REGULARISE = 1 adds the gradients of factor (kinetic |f|^2 + jacobian sum_k |J e_k|^2) to the seeds, the value's being
// there already (arXiv:2002.02798; see src/ode/regularise.ts).
//
// control  the solve's control block
// acts     vec4; probes at probe_at as [k][sample][ld4]; a at value_at (continuous); f and J e_k at output_at as
//          [slot][sample][ld4]
// cots     vec4; last layer's cotangents at seed_at as [slot][sample][ld4], slot 0 the value's
// a_delta  f32 [sample]: dL/dDelta
// One invocation per vec4 of the state; bound by memory.

// @include "common/control.wgsl"
// @include "common/grid.wgsl"
// @const REGULARISE: u32 = 0

struct Params {
  samples: u32,
  probes: u32,
  ld4: u32,
  probe_at: u32,
  seed_at: u32,
  value_at: u32,
  copy_value: u32,
  quadrature: u32,   // 1: factor = h b
  weight: f32,
  b: f32,
  output_at: u32,
  kinetic: f32,
  jacobian: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: Control;
@group(0) @binding(2) var<storage, read> acts: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> cots: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> a_delta: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let i = flat_invocation(group, groups, local, 64u);
  let plane = params.samples * params.ld4;
  if (control.done != 0u || i >= plane) { return; }
  if (params.copy_value != 0u) { cots[params.seed_at + i] = acts[params.value_at + i]; }
  let factor = select(1.0, control.h * params.b, params.quadrature != 0u);
  if (REGULARISE == 1u) {
    cots[params.seed_at + i] += 2.0 * factor * params.kinetic * acts[params.output_at + i];
  }
  let scale = -factor * params.weight * a_delta[i / params.ld4];
  for (var k = 0u; k < params.probes; k++) {
    var bar = scale * acts[params.probe_at + k * plane + i];
    if (REGULARISE == 1u) {
      bar += 2.0 * factor * params.jacobian * acts[params.output_at + (k + 1u) * plane + i];
    }
    cots[params.seed_at + (k + 1u) * plane + i] = bar;
  }
}
