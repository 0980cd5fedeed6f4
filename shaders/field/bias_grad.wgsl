// Gradients of the vectors of all layers, and what they add to d/dt, from column sums over the samples:
//   U = sum u_bar,  Q = (1 - s) sum [u_bar (u - w t) + sum_k u'_bar_k u'_k]     (Q only when gated: s_bar s (1 - s))
//   b_bar = s U,  w_bar = t U,  g_bar = t Q,  k_bar = Q,  beta_bar = sum of the beta plane (swish)
//   d/dt  = g Q + w U, counted twice: times tau of the stage, and times 1 (dL/dt1 and dL/dt0 need both)
//
// control  the solve's control block          layers   [L]
// pre      vec4, u of every layer             cots     vec4, u_bar of every layer, this stage's from first_row on
// times    vec4 [2][V]: gain s                packed   vec4, the vectors b, w, g, k
// partial  vec4 [chunk][chunk4]; the vectors at vectors4 as [7][V]: b, w, g, k, beta, time tau, time 1
// One stage at a time, right behind its sweep: t, s and the one copy of u are its own, and what is read is still in a GPU's
// cache where it fits there. One invocation per 4 columns and chunk; lanes over columns, so every load is coalesced. Bound
// by memory; it reads and writes the vectors of the chunks only, a small part of them.

// @include "common/control.wgsl"
// @include "common/gradient.wgsl"
// @include "common/grid.wgsl"

@group(0) @binding(0) var<uniform> params: GradientParams;
@group(0) @binding(1) var<storage, read> control: Control;
@group(0) @binding(2) var<storage, read> layers: array<Layer>;
@group(0) @binding(3) var<storage, read> pre: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> cots: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> times: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read> packed: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> partial: array<vec4<f32>>;

fn put(at: u32, value: vec4<f32>) {
  if (params.overwrite != 0u) {
    partial[at] = value;
  } else {
    partial[at] += value;
  }
}

@compute @workgroup_size(32)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  if (control.done != 0u) { return; }
  let flat = flat_invocation(group, groups, local, 32u);
  let chunk = flat / params.columns4;
  if (chunk >= params.chunks) { return; }
  let v = flat % params.columns4;
  let last = arrayLength(&layers) - 1u;
  var l = last;
  while (v < layers[l].v_at) { l--; }
  let layer = layers[l];
  let column = v - layer.v_at;
  let plane = params.samples * layer.out4;
  let cot_at = layer.cot_at + params.first_row * layer.out4;

  let t = control.t + params.c * control.h;
  // The four vectors stand at the end of `packed`.
  let vectors = arrayLength(&packed) - 4u * params.columns4;
  let drift = packed[vectors + params.columns4 + v];
  let gate = packed[vectors + 2u * params.columns4 + v];
  let gain = times[v];

  var sum_u = vec4<f32>();
  var sum_q = vec4<f32>();
  var sum_beta = vec4<f32>();
  let end = min((chunk + 1u) * params.chunk_samples, params.samples);
  for (var sample = chunk * params.chunk_samples; sample < end; sample++) {
    let at = sample * layer.out4 + column;
    let u_bar = cots[cot_at + at];
    sum_u += u_bar;
    if (params.gated != 0u) {
      sum_q += u_bar * (pre[layer.u_at + at] - t * drift);
      for (var slot = 1u; slot < params.slots; slot++) {
        sum_q += cots[cot_at + slot * plane + at] * pre[layer.u_at + slot * plane + at];
      }
    }
    if (params.swish != 0u && l != last) {
      sum_beta += cots[layer.share_at + at];
    }
  }
  sum_q *= 1.0 - gain;
  if (params.gated == 0u) { sum_q = vec4<f32>(); }
  let time = gate * sum_q + drift * sum_u;
  let weight = stage_weight(params, control.h);
  let tau = select(control.tau + params.c * control.fraction, 0.0, params.quadrature != 0u);
  let at = params.target_at + chunk * params.chunk4 + params.vectors4 + v;
  put(at, weight * gain * sum_u);
  put(at + params.columns4, weight * t * sum_u);
  put(at + 2u * params.columns4, weight * t * sum_q);
  put(at + 3u * params.columns4, weight * sum_q);
  put(at + 4u * params.columns4, weight * sum_beta);
  put(at + 5u * params.columns4, tau * time);
  put(at + 6u * params.columns4, weight * time);
}
