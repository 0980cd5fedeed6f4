// reverse.wgsl for adapters whose subgroups are 4 wide (see common/strip.wgsl), and layers of at least 16 inputs:
//   y_bar = W^T (s * u_bar),  y'_bar_k = W^T (s * u'_bar_k)
//   u_bar(l-1) = sigma'(u) y_bar + sum_k sigma''(u) u'_k y'_bar_k,     u'_bar_k(l-1) = sigma'(u) y'_bar_k
// Bindings, params and results as there. Tangents come before the value, so that what they add to u_bar stays in
// registers until its row is written.
//
// A workgroup is one subgroup and owns 8 samples x 16 columns of all slots, one slot after the other; loads and
// multiply-adds as in forward_strip.wgsl.

// @include "common/control.wgsl"
// @include "common/activation.wgsl"
// @include "common/grid.wgsl"
// @include "common/reverse_params.wgsl"
// @include "common/strip_column.wgsl"
// @const FIRST: u32 = 0
// @const ACTS4: u32 = 1
// @const PRE4: u32 = 1
// @const PACKED4: u32 = 1
// @const COTS4: u32 = 1

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: Control;
// Of fixed sizes: the length of an array that has none is a division at every access.
@group(0) @binding(2) var<storage, read> packed: array<vec4<f32>, PACKED4>;
@group(0) @binding(3) var<storage, read> times: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> pre: array<vec4<f32>, PRE4>;
@group(0) @binding(5) var<storage, read_write> cots: array<vec4<f32>, COTS4>;
@group(0) @binding(6) var<storage, read_write> acts: array<vec4<f32>, ACTS4>;

// Four rows of s * u_bar from row `sample` on, one from each lane; rows past the end repeat the last one.
fn shared_rows(at: u32, sample: u32, o4: u32, gain: vec4<f32>, lane: u32) -> mat4x4<f32> {
  return spread(gain * cots[at + min(sample + lane, params.samples - 1u) * params.out4 + o4]);
}

// Four rows of W, vec4 column `column`; columns past the end repeat the last one.
fn load_weights(at: u32, column: u32) -> mat4x4<f32> {
  let from_row = at + min(column, params.in4 - 1u);
  return mat4x4<f32>(
    packed[from_row], packed[from_row + params.in4], packed[from_row + 2u * params.in4],
    packed[from_row + 3u * params.in4],
  );
}

fn multiply(slot: u32, sample: u32, column: u32, lane: u32) -> Column {
  var sums = Column();
  let u_at = params.from_at + slot * params.from_plane;
  var at = params.w_at;
  for (var o4 = 0u; o4 < params.out4; o4++) {
    let gain = times[params.v_at + o4];
    let u = Column(shared_rows(u_at, sample, o4, gain, lane), shared_rows(u_at, sample + 4u, o4, gain, lane));
    sums = add_product(sums, load_weights(at, column), u);
    at += 4u * params.in4;
  }
  return sums;
}

// FIRST = 1: the gradient with respect to the field's input.
fn finish_gradient(sum: vec4<f32>, sample: u32, column: u32) {
  if (sample >= params.samples || column >= params.in4) { return; }
  let at = sample * params.in4 + column;
  var gradient = sum;
  if (params.residual != 0u) { gradient -= cots[params.seed_at + at]; }
  acts[params.gradient_at + at] = params.sign * gradient;
}

fn set_beta(at: u32, share: vec4<f32>, fresh: bool) {
  let place = params.share_at + at;
  if (fresh) {
    cots[place] = share;
  } else {
    cots[place] += share;
  }
}

// Returns sigma'' u'_k y'_bar_k, which moves the value's cotangent.
fn finish_tangent(bar: vec4<f32>, slot: u32, sample: u32, column: u32, beta: f32) -> vec4<f32> {
  if (sample >= params.samples || column >= params.in4) { return bar; }
  let at = sample * params.in4 + column;
  let u = pre[params.u_at + at];
  let u_dot = pre[params.u_at + slot * params.to_plane + at];
  let y = activate(u, beta);
  cots[params.to_at + slot * params.to_plane + at] = activate_d1(u, y, beta) * bar;
  if (ACTIVATION == SWISH) { set_beta(at, swish_beta_tangent(u, u_dot, beta, bar), slot + 1u == params.slots); }
  return activate_d2(u, y, beta) * u_dot * bar;
}

fn finish_value(y_bar: vec4<f32>, bent: vec4<f32>, sample: u32, column: u32, beta: f32) {
  if (sample >= params.samples || column >= params.in4) { return; }
  let at = sample * params.in4 + column;
  let u = pre[params.u_at + at];
  let y = activate(u, beta);
  cots[params.to_at + at] = activate_d1(u, y, beta) * y_bar + bent;
  if (ACTIVATION == SWISH) { set_beta(at, swish_beta_value(u, beta, y_bar), params.slots == 1u); }
}

fn finish_row(sum: vec4<f32>, bent: vec4<f32>, slot: u32, sample: u32, column: u32, beta: f32) -> vec4<f32> {
  if (FIRST == 1u) {
    finish_gradient(sum, sample, column);
    return bent;
  }
  if (slot > 0u) { return bent + finish_tangent(sum, slot, sample, column, beta); }
  finish_value(sum, bent, sample, column, beta);
  return bent;
}

// Returns what the slots so far add to the value's cotangent. A loop in place of two copies of its body.
fn finish(product: Column, so_far: Column, slot: u32, sample: u32, column: u32, beta: f32) -> Column {
  var sums = product;
  var bent = so_far;
  for (var row = sample; row < sample + 8u; row += 4u) {
    let sum = sums.r0;
    let more = bent.r0;
    sums = Column(sums.r1, sum);
    bent = Column(bent.r1, mat4x4<f32>(
      finish_row(sum[0], more[0], slot, row, column, beta),
      finish_row(sum[1], more[1], slot, row + 1u, column, beta),
      finish_row(sum[2], more[2], slot, row + 2u, column, beta),
      finish_row(sum[3], more[3], slot, row + 3u, column, beta),
    ));
  }
  return bent;
}

@compute @workgroup_size(4)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  if (control.done != 0u) { return; }
  let strips = (params.in4 + 3u) / 4u;
  let index = flat_invocation(group, groups, 0u, 1u);
  let sample = 8u * (index / strips);
  let column = 4u * (index % strips) + lane;
  if (sample >= params.samples) { return; }
  let beta_word = packed[params.beta_at >> 2u];
  let beta = beta_word[params.beta_at & 3u];
  var bent = Column();
  for (var down = 0u; down < params.slots; down++) {
    let slot = params.slots - 1u - down;
    bent = finish(multiply(slot, sample, column, lane), bent, slot, sample, column, beta);
  }
}
