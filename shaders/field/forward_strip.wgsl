// forward.wgsl for adapters whose subgroups are 4 wide (see common/strip.wgsl), and layers of at least 16 outputs:
//   u = s * (W x) + c,  y = sigma(u);      u'_k = s * (W x'_k),  y'_k = sigma'(u) u'_k
// Bindings, params and results as there; a row's sum runs over the inputs in the same order.
//
// A workgroup is one subgroup and owns 8 samples x 16 columns of all slots, one slot after the other; sigma' of the
// value's rows stays in registers for its tangents. Per 4 inputs 6 vec4 loads feed 128 multiply-adds. On a GPU most
// lanes would idle: it is never chosen there.

// @include "common/control.wgsl"
// @include "common/activation.wgsl"
// @include "common/forward_params.wgsl"
// @include "common/grid.wgsl"
// @include "common/strip_column.wgsl"
// @const STORE: u32 = 0
// @const ACTS4: u32 = 1
// @const PRE4: u32 = 1
// @const PACKED4: u32 = 1

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: Control;
// Of fixed sizes: the length of an array that has none is a division at every access.
@group(0) @binding(2) var<storage, read> packed: array<vec4<f32>, PACKED4>;
@group(0) @binding(3) var<storage, read> times: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> acts: array<vec4<f32>, ACTS4>;
@group(0) @binding(5) var<storage, read_write> pre: array<vec4<f32>, PRE4>;

// Four rows from row `sample` on, one from each lane; rows past the end repeat the last one.
fn shared_rows(at: u32, sample: u32, i4: u32, lane: u32) -> mat4x4<f32> {
  return spread(acts[at + min(sample + lane, params.samples - 1u) * params.in4 + i4]);
}

// Four rows of W^T, vec4 column `column`; columns past the end repeat the last one.
fn load_weights(at: u32, column: u32) -> mat4x4<f32> {
  let from_row = at + min(column, params.out4 - 1u);
  return mat4x4<f32>(
    packed[from_row], packed[from_row + params.out4], packed[from_row + 2u * params.out4],
    packed[from_row + 3u * params.out4],
  );
}

fn multiply(slot: u32, sample: u32, column: u32, lane: u32) -> Column {
  var sums = Column();
  let x_at = params.x_at + slot * params.x_plane;
  var at = params.w_at;
  for (var i4 = 0u; i4 < params.in4; i4++) {
    let x = Column(shared_rows(x_at, sample, i4, lane), shared_rows(x_at, sample + 4u, i4, lane));
    sums = add_product(sums, load_weights(at, column), x);
    at += 4u * params.out4;
  }
  return sums;
}

fn store_row(u: vec4<f32>, y: vec4<f32>, slot: u32, sample: u32, column: u32) {
  if (sample >= params.samples || column >= params.out4) { return; }
  let at = sample * params.out4 + column;
  if (STORE == 1u) { pre[params.u_at + slot * params.y_plane + at] = u; }
  var result = y;
  if (params.residual != 0u) { result -= acts[params.input_at + slot * params.input_plane + at]; }
  acts[params.y_at + slot * params.y_plane + at] = result;
}

// Returns sigma'(u).
fn finish_value(sum: vec4<f32>, gain: vec4<f32>, offset: vec4<f32>, sample: u32, column: u32, beta: f32) -> vec4<f32> {
  let u = gain * sum + offset;
  let y = activate(u, beta);
  store_row(u, y, 0u, sample, column);
  return activate_d1(u, y, beta);
}

fn finish_tangent(sum: vec4<f32>, gain: vec4<f32>, d1: vec4<f32>, slot: u32, sample: u32, column: u32) {
  let u = gain * sum;
  store_row(u, d1 * u, slot, sample, column);
}

// Returns sigma'(u) in the sums' place. A loop in place of two copies of its body.
fn finish_values(product: Column, gain: vec4<f32>, offset: vec4<f32>, sample: u32, column: u32, beta: f32) -> Column {
  var sums = product;
  for (var row = sample; row < sample + 8u; row += 4u) {
    let sum = sums.r0;
    sums = Column(sums.r1, mat4x4<f32>(
      finish_value(sum[0], gain, offset, row, column, beta),
      finish_value(sum[1], gain, offset, row + 1u, column, beta),
      finish_value(sum[2], gain, offset, row + 2u, column, beta),
      finish_value(sum[3], gain, offset, row + 3u, column, beta),
    ));
  }
  return sums;
}

fn finish_tangents(product: Column, slopes: Column, gain: vec4<f32>, slot: u32, sample: u32, column: u32) {
  var sums = product;
  var d1 = slopes;
  for (var row = sample; row < sample + 8u; row += 4u) {
    finish_tangent(sums.r0[0], gain, d1.r0[0], slot, row, column);
    finish_tangent(sums.r0[1], gain, d1.r0[1], slot, row + 1u, column);
    finish_tangent(sums.r0[2], gain, d1.r0[2], slot, row + 2u, column);
    finish_tangent(sums.r0[3], gain, d1.r0[3], slot, row + 3u, column);
    sums = Column(sums.r1, sums.r0);
    d1 = Column(d1.r1, d1.r0);
  }
}

@compute @workgroup_size(4)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  if (control.done != 0u) { return; }
  let strips = (params.out4 + 3u) / 4u;
  let index = flat_invocation(group, groups, 0u, 1u);
  let sample = 8u * (index / strips);
  let column = 4u * (index % strips) + lane;
  if (sample >= params.samples) { return; }
  let beta_word = packed[params.beta_at >> 2u];
  let beta = beta_word[params.beta_at & 3u];
  let v = params.v_at + min(column, params.out4 - 1u);
  let gain = times[v];
  let offset = times[params.columns4 + v];
  var d1 = Column();
  for (var slot = 0u; slot < params.slots; slot++) {
    let sums = multiply(slot, sample, column, lane);
    if (slot == 0u) {
      d1 = finish_values(sums, gain, offset, sample, column, beta);
    } else {
      finish_tangents(sums, d1, gain, slot, sample, column);
    }
  }
}
