// forward.wgsl for adapters whose subgroups are 4 wide (see common/strip.wgsl), and layers of at least 48 outputs:
//   u = s * (W x) + c,  y = sigma(u);      u'_k = s * (W x'_k),  y'_k = sigma'(u) u'_k
// Bindings, params and results as there; a row's sum runs over the inputs in the same order.
//
// A workgroup is one subgroup and owns 16 samples x 64 columns of all slots, one slot after the other; sigma' of the
// value's rows stays in registers for its tangents. Per 4 inputs 20 vec4 loads feed 1,024 multiply-adds. On a GPU most
// lanes would idle: it is never chosen there.

// @include "common/control.wgsl"
// @include "common/activation.wgsl"
// @include "common/forward_params.wgsl"
// @include "common/grid.wgsl"
// @include "common/strip_sums.wgsl"
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

fn multiply(slot: u32, sample: u32, column: u32, lane: u32) -> Sums {
  var c0 = Column();
  var c1 = Column();
  var c2 = Column();
  var c3 = Column();
  let x_at = params.x_at + slot * params.x_plane;
  var at = params.w_at;
  for (var i4 = 0u; i4 < params.in4; i4++) {
    let x = Column(
      shared_rows(x_at, sample, i4, lane),
      shared_rows(x_at, sample + 4u, i4, lane),
      shared_rows(x_at, sample + 8u, i4, lane),
      shared_rows(x_at, sample + 12u, i4, lane),
    );
    c0 = add_product(c0, load_weights(at, column), x);
    c1 = add_product(c1, load_weights(at, column + 4u), x);
    c2 = add_product(c2, load_weights(at, column + 8u), x);
    c3 = add_product(c3, load_weights(at, column + 12u), x);
    at += 4u * params.out4;
  }
  return Sums(c0, c1, c2, c3);
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

// Returns sigma'(u) in the sums' place.
fn finish_values(product: Sums, sample: u32, column: u32, beta: f32) -> Sums {
  var sums = product;
  for (var m = 0u; m < 16u; m++) {
    let at_column = column + (m & 12u);
    let at_sample = sample + 4u * (m & 3u);
    let v = params.v_at + min(at_column, params.out4 - 1u);
    let gain = times[v];
    let offset = times[params.columns4 + v];
    let sum = sums.c0.r0;
    sums = rotate(sums, mat4x4<f32>(
      finish_value(sum[0], gain, offset, at_sample, at_column, beta),
      finish_value(sum[1], gain, offset, at_sample + 1u, at_column, beta),
      finish_value(sum[2], gain, offset, at_sample + 2u, at_column, beta),
      finish_value(sum[3], gain, offset, at_sample + 3u, at_column, beta),
    ));
  }
  return sums;
}

fn finish_tangents(product: Sums, slopes: Sums, slot: u32, sample: u32, column: u32) {
  var sums = product;
  var d1 = slopes;
  for (var m = 0u; m < 16u; m++) {
    let at_column = column + (m & 12u);
    let at_sample = sample + 4u * (m & 3u);
    let gain = times[params.v_at + min(at_column, params.out4 - 1u)];
    let sum = sums.c0.r0;
    let slope = d1.c0.r0;
    finish_tangent(sum[0], gain, slope[0], slot, at_sample, at_column);
    finish_tangent(sum[1], gain, slope[1], slot, at_sample + 1u, at_column);
    finish_tangent(sum[2], gain, slope[2], slot, at_sample + 2u, at_column);
    finish_tangent(sum[3], gain, slope[3], slot, at_sample + 3u, at_column);
    sums = rotate(sums, sum);
    d1 = rotate(d1, slope);
  }
}

@compute @workgroup_size(4)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  if (control.done != 0u) { return; }
  let strips = (params.out4 + 15u) / 16u;
  let index = flat_invocation(group, groups, 0u, 1u);
  let sample = 16u * (index / strips);
  let column = 16u * (index % strips) + lane;
  if (sample >= params.samples) { return; }
  let beta_word = packed[params.beta_at >> 2u];
  let beta = beta_word[params.beta_at & 3u];
  var d1 = Sums();
  for (var slot = 0u; slot < params.slots; slot++) {
    let sums = multiply(slot, sample, column, lane);
    if (slot == 0u) {
      d1 = finish_values(sums, sample, column, beta);
    } else {
      finish_tangents(sums, d1, slot, sample, column);
    }
  }
}
