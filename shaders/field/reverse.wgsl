// One layer of the reverse sweep through values and tangents at once (math: reverse over forward). From the
// cotangents U of the pre-activations of layer l to those of layer l - 1:
//   y_bar = W^T (s * u_bar),  y'_bar_k = W^T (s * u'_bar_k)
//   u_bar(l-1) = sigma'(u) y_bar + sum_k sigma''(u) u'_k y'_bar_k,     u'_bar_k(l-1) = sigma'(u) y'_bar_k
// With FIRST = 1 there is no layer below: sign * y_bar of slot 0 is the gradient with respect to the field's input.
//
// control  the solve's control block
// packed   vec4; W as [out][in], padded
// times    vec4 [2][V]: gain s of layer l
// pre      vec4; u of layer l - 1 at u_at as [slot][sample][in/4]
// cots     vec4; U of layer l at from_at as [slot][sample][out/4]; of layer l - 1 at to_at. With SWISH = 1 what each
//          element of l - 1 adds to d/d beta goes to share_at as [sample][in/4]
// acts     vec4; FIRST = 1 only: the gradient goes to gradient_at as [sample][in/4]
//
// Ownership and registers as in forward.wgsl: 8 rows x 4 COLUMNS columns an invocation, all slots of a sample in one
// invocation because u_bar sums over the tangents. Expect the forward kernel's rate.

// @include "common/control.wgsl"
// @include "common/activation.wgsl"
// @include "common/grid.wgsl"
// @include "common/reverse_params.wgsl"
// @const SLOTS: u32 = 2
// @const COLUMNS: u32 = 2
// @const FIRST: u32 = 0
// @const PASSES: u32 = 2

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: Control;
@group(0) @binding(2) var<storage, read> packed: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> times: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> pre: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> cots: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> acts: array<vec4<f32>>;

// Where 4 rows start, from row `sample` of a slot on; rows past the end repeat the last one.
fn row_places(slot: u32, sample: u32) -> vec4<u32> {
  let rows = min(vec4<u32>(sample, sample + 1u, sample + 2u, sample + 3u), vec4<u32>(params.samples - 1u));
  return params.from_at + slot * params.from_plane + rows * params.out4;
}

fn load_rows(places: vec4<u32>, o4: u32) -> mat4x4<f32> {
  return mat4x4<f32>(cots[places.x + o4], cots[places.y + o4], cots[places.z + o4], cots[places.w + o4]);
}

// Four rows of W from `at` on, each times the gain of its output, 4 columns.
fn load_weights(at: u32, gain: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(
    gain.x * packed[at],
    gain.y * packed[at + params.in4],
    gain.z * packed[at + 2u * params.in4],
    gain.w * packed[at + 3u * params.in4],
  );
}

// Column i of a matrix, by comparison: an index known at run time only would move the matrix to memory.
fn pick(m: mat4x4<f32>, i: u32) -> vec4<f32> {
  return select(select(m[0], m[1], i == 1u), select(m[2], m[3], i == 3u), i >= 2u);
}

// FIRST = 1: the gradient with respect to the field's input.
fn finish_gradient(sum: vec4<f32>, sample: u32, column: u32) {
  if (sample >= params.samples || column >= params.in4) { return; }
  let at = sample * params.in4 + column;
  var gradient = sum;
  if (params.residual != 0u) { gradient -= cots[params.seed_at + at]; }
  acts[params.gradient_at + at] = params.sign * gradient;
}

// Value and one tangent of a sample together (PASSES = 1, SLOTS = 2): everything from one sigma(u).
fn finish_pair(y_bar: vec4<f32>, y_dot_bar: vec4<f32>, sample: u32, column: u32, beta: f32) {
  if (sample >= params.samples || column >= params.in4) { return; }
  let at = sample * params.in4 + column;
  let u = pre[params.u_at + at];
  let u_dot = pre[params.u_at + params.to_plane + at];
  let y = activate(u, beta);
  let d1 = activate_d1(u, y, beta);
  cots[params.to_at + at] = d1 * y_bar + activate_d2(u, y, beta) * u_dot * y_dot_bar;
  cots[params.to_at + params.to_plane + at] = d1 * y_dot_bar;
  if (ACTIVATION == SWISH) {
    cots[params.share_at + at] =
      swish_beta_value(u, beta, y_bar) + swish_beta_tangent(u, u_dot, beta, y_dot_bar);
  }
}

// One row of y_bar (slot 0) or y'_bar_k; returns the running u_bar of its sample.
fn finish_row(sum: vec4<f32>, running: vec4<f32>, slot: u32, sample: u32, column: u32, beta: f32) -> vec4<f32> {
  if (sample >= params.samples || column >= params.in4 || slot >= params.slots) { return running; }
  let at = sample * params.in4 + column;
  let u = pre[params.u_at + at];
  let y = activate(u, beta);
  let d1 = activate_d1(u, y, beta);
  let share = params.share_at + at;
  var u_bar: vec4<f32>;
  if (slot == 0u) {
    u_bar = d1 * sum;
    if (ACTIVATION == SWISH) { cots[share] = swish_beta_value(u, beta, sum); }
  } else {
    let u_dot = pre[params.u_at + slot * params.to_plane + at];
    cots[params.to_at + slot * params.to_plane + at] = d1 * sum;
    u_bar = running + activate_d2(u, y, beta) * u_dot * sum;
    if (ACTIVATION == SWISH) { cots[share] += swish_beta_tangent(u, u_dot, beta, sum); }
  }
  if (slot + 1u == params.slots) { cots[params.to_at + at] = u_bar; }
  return u_bar;
}

@compute @workgroup_size(32)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  if (control.done != 0u) { return; }
  let samples_each = 8u / SLOTS;
  let column_blocks = (params.in4 + COLUMNS - 1u) / COLUMNS;
  let tile = flat_invocation(group, groups, local, 32u);
  let sample = (tile / column_blocks) * samples_each;
  let column = (tile % column_blocks) * COLUMNS;
  if (sample >= params.samples) { return; }
  let beta_word = packed[params.beta_at >> 2u];
  let beta = beta_word[params.beta_at & 3u];

  // u_bar so far, for the passes after the first.
  var running: array<vec4<f32>, 16>;
  for (var slot = 0u; slot < params.slots; slot += SLOTS) {
    var a00 = mat4x4<f32>(); var a01 = mat4x4<f32>(); var a10 = mat4x4<f32>(); var a11 = mat4x4<f32>();
    let places_0 = row_places(slot, sample);
    let places_1 = row_places(min(slot + SLOTS - 1u, params.slots - 1u), sample + select(0u, 4u, SLOTS == 1u));
    var at = params.w_at + column;
    let next = min(column + 1u, params.in4 - 1u) - column;
    for (var o4 = 0u; o4 < params.out4; o4++) {
      let gain = times[params.v_at + o4];
      let g0 = load_rows(places_0, o4);
      let g1 = load_rows(places_1, o4);
      let w0 = load_weights(at, gain);
      a00 += w0 * g0;
      a10 += w0 * g1;
      if (COLUMNS == 2u) {
        let w1 = load_weights(at + next, gain);
        a01 += w1 * g0;
        a11 += w1 * g1;
      }
      at += 4u * params.in4;
    }
    // A loop instead of 16 copies of the epilogue: unrolled, drivers take seconds to minutes to compile it.
    for (var r = 0u; r < 4u * COLUMNS; r++) {
      let i = r & 3u;
      let second = COLUMNS == 2u && r >= 4u;
      let first_sum = select(pick(a00, i), pick(a01, i), second);
      let second_sum = select(pick(a10, i), pick(a11, i), second);
      let at_column = column + select(0u, 1u, second);
      if (FIRST == 1u) {
        finish_gradient(first_sum, sample + i, at_column);
        finish_gradient(second_sum, sample + 4u + i, at_column);
      } else if (PASSES == 1u && SLOTS == 2u) {
        finish_pair(first_sum, second_sum, sample + i, at_column, beta);
      } else if (SLOTS == 2u) {
        let partly = finish_row(first_sum, running[r], slot, sample + i, at_column, beta);
        running[r] = finish_row(second_sum, partly, slot + 1u, sample + i, at_column, beta);
      } else {
        running[r] = finish_row(first_sum, running[r], slot, sample + i, at_column, beta);
        running[8u + r] = finish_row(second_sum, running[8u + r], slot, sample + 4u + i, at_column, beta);
      }
    }
  }
}
