// What a stage of the discrete adjoint adds to dL/dt1, per sample:
//   end_bar[sample] += fraction (kappa_i . k_i - a_Delta b_i tr_i)
// (the step length h = fraction (t1 - t0) moves with t1; the explicit time of the field is added elsewhere).
// REGULARISE = 1: in the brackets also b_i (kinetic |k_i|^2 + jacobian sum over tangents |J e|^2) (arXiv:2002.02798).
// WHOLE = 1: factor 1 instead of the fraction, with kappa = a(t1): dL/dt1 = a.f - a_Delta tr of the continuous adjoint.
//
// control   the reverse control block           bars     f32, kappa_i at kappa_at as [samples][dim]
// value     f32: k_i as the field recomputed it, rows of ld; behind it the tangents' J e, a plane each
// minus_tr  f32 [samples]: -tr_i (TRACE = 1)    a_delta  f32 [samples]: dL/dDelta (TRACE = 1)
// end_bar   f32 [samples]
// One invocation per sample; latency-bound for toy shapes.

// @include "common/control.wgsl"
// @include "common/grid.wgsl"
// @const TRACE: u32 = 0
// @const WHOLE: u32 = 0
// @const REGULARISE: u32 = 0

struct Params {
  samples: u32,
  dim: u32,
  ld: u32,
  kappa_at: u32,
  b: f32,
  slots: u32,
  kinetic: f32,
  jacobian: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: Control;
@group(0) @binding(2) var<storage, read> bars: array<f32>;
@group(0) @binding(3) var<storage, read> value: array<f32>;
@group(0) @binding(4) var<storage, read> minus_trace: array<f32>;
@group(0) @binding(5) var<storage, read> a_delta: array<f32>;
@group(0) @binding(6) var<storage, read_write> end_bar: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let sample = flat_invocation(group, groups, local, 64u);
  if (control.done != 0u || sample >= params.samples) { return; }
  var sum = 0.0;
  for (var d = 0u; d < params.dim; d++) {
    sum += bars[params.kappa_at + sample * params.dim + d] * value[sample * params.ld + d];
  }
  if (REGULARISE == 1u) {
    for (var slot = 0u; slot < params.slots; slot++) {
      let row = (slot * params.samples + sample) * params.ld;
      var square = 0.0;
      for (var d = 0u; d < params.dim; d++) { square += value[row + d] * value[row + d]; }
      sum += params.b * select(params.jacobian, params.kinetic, slot == 0u) * square;
    }
  }
  if (TRACE == 1u) { sum += a_delta[sample] * params.b * minus_trace[sample]; }
  end_bar[sample] += select(control.fraction, 1.0, WHOLE == 1u) * sum;
}
