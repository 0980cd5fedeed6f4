// One layer of an MLP field, values and K tangents in one product (forward-mode differentiation):
//   u = s * (W x) + c,  y = sigma(u);      u'_k = s * (W x'_k),  y'_k = sigma'(u) u'_k
// Slot 0 is the value, slots 1..K the tangents; a tangent row needs sigma' of its own sample's value row, so one
// invocation owns all slots of its samples and walks through them.
//
// control  the solve's control block
// packed   vec4; W as [in][out], padded
// times    vec4 [2][V]: gain s, offset c (time.wgsl)
// acts     vec4; x at x_at as [slot][sample][in/4], y at y_at as [slot][sample][out/4]
// pre      vec4; u at u_at, like y; written only with STORE = 1 (the reverse sweep needs it)
//
// An invocation owns 8 rows x 4 COLUMNS columns in registers as mat4x4: per step of 4 inputs 8 row loads and
// 4 COLUMNS weight loads feed 32 COLUMNS multiply-adds. SLOTS = 2: 4 samples x 2 slots at a time (1 + K even);
// SLOTS = 1: 8 samples x 1 slot. Lanes run over columns first: weights and results are coalesced, rows are
// broadcast. No workgroup memory: on a GPU the loads hit L1; expect 30 to 50 % of the peak at widths >= 64 and
// batches that fill the machine (8 registers of 16 B per mat4x4: about 100 registers, 5 to 6 warps per scheduler).
// PASSES = 1: all slots fit into one pass (S <= SLOTS), and sigma' never leaves the registers.
// A row's sum runs over the inputs in order whatever the batch is: rows of a permuted batch are equal bit for bit.

// @include "common/control.wgsl"
// @include "common/activation.wgsl"
// @include "common/forward_params.wgsl"
// @include "common/grid.wgsl"
// @const SLOTS: u32 = 2
// @const COLUMNS: u32 = 2
// @const STORE: u32 = 0
// @const PASSES: u32 = 2

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: Control;
@group(0) @binding(2) var<storage, read> packed: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> times: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> acts: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> pre: array<vec4<f32>>;

// Where 4 rows start, from row `sample` of a slot on; rows past the end repeat the last one.
fn row_places(slot: u32, sample: u32) -> vec4<u32> {
  let rows = min(vec4<u32>(sample, sample + 1u, sample + 2u, sample + 3u), vec4<u32>(params.samples - 1u));
  return params.x_at + slot * params.x_plane + rows * params.in4;
}

fn load_rows(places: vec4<u32>, i4: u32) -> mat4x4<f32> {
  return mat4x4<f32>(acts[places.x + i4], acts[places.y + i4], acts[places.z + i4], acts[places.w + i4]);
}

// Four rows of W^T from `at` on, 4 columns.
fn load_weights(at: u32) -> mat4x4<f32> {
  return mat4x4<f32>(packed[at], packed[at + params.out4], packed[at + 2u * params.out4], packed[at + 3u * params.out4]);
}

// Column i of a matrix, by comparison: an index known at run time only would move the matrix to memory.
fn pick(m: mat4x4<f32>, i: u32) -> vec4<f32> {
  return select(select(m[0], m[1], i == 1u), select(m[2], m[3], i == 3u), i >= 2u);
}

fn store_row(u: vec4<f32>, y: vec4<f32>, slot: u32, at: u32) {
  if (STORE == 1u) { pre[params.u_at + slot * params.y_plane + at] = u; }
  var result = y;
  if (params.residual != 0u) { result -= acts[params.input_at + slot * params.input_plane + at]; }
  acts[params.y_at + slot * params.y_plane + at] = result;
}

// The value's row of a sample: 4 columns. Returns sigma'(u) for its tangents.
fn finish_value(sum: vec4<f32>, sample: u32, column: u32, beta: f32) -> vec4<f32> {
  let v = params.v_at + column;
  let u = times[v] * sum + times[params.columns4 + v];
  let y = activate(u, beta);
  if (sample < params.samples && column < params.out4) { store_row(u, y, 0u, sample * params.out4 + column); }
  return activate_d1(u, y, beta);
}

fn finish_tangent(sum: vec4<f32>, d1: vec4<f32>, slot: u32, sample: u32, column: u32) {
  let u = times[params.v_at + column] * sum;
  if (sample < params.samples && column < params.out4 && slot < params.slots) {
    store_row(u, d1 * u, slot, sample * params.out4 + column);
  }
}

fn finish_row(sum: vec4<f32>, d1: vec4<f32>, slot: u32, sample: u32, column: u32, beta: f32) -> vec4<f32> {
  if (slot == 0u) { return finish_value(sum, sample, column, beta); }
  finish_tangent(sum, d1, slot, sample, column);
  return d1;
}

@compute @workgroup_size(32)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  if (control.done != 0u) { return; }
  let samples_each = 8u / SLOTS;
  let column_blocks = (params.out4 + COLUMNS - 1u) / COLUMNS;
  let tile = flat_invocation(group, groups, local, 32u);
  let sample = (tile / column_blocks) * samples_each;
  let column = (tile % column_blocks) * COLUMNS;
  if (sample >= params.samples) { return; }
  let beta_word = packed[params.beta_at >> 2u];
  let beta = beta_word[params.beta_at & 3u];

  // sigma' of the value rows, for the passes after the first.
  var d1: array<vec4<f32>, 16>;
  for (var slot = 0u; slot < params.slots; slot += SLOTS) {
    // First index = group of 4 rows, second = group of 4 columns. Group 1 is the next slot (SLOTS = 2) or the next
    // 4 samples (SLOTS = 1).
    var a00 = mat4x4<f32>(); var a01 = mat4x4<f32>(); var a10 = mat4x4<f32>(); var a11 = mat4x4<f32>();
    let places_0 = row_places(slot, sample);
    let places_1 = row_places(min(slot + SLOTS - 1u, params.slots - 1u), sample + select(0u, 4u, SLOTS == 1u));
    var at = params.w_at + column;
    // The second group of columns may lie past the end: it then repeats the last one, and is not stored.
    let next = min(column + 1u, params.out4 - 1u) - column;
    for (var i4 = 0u; i4 < params.in4; i4++) {
      let x0 = load_rows(places_0, i4);
      let x1 = load_rows(places_1, i4);
      let w0 = load_weights(at);
      a00 += w0 * x0;
      a10 += w0 * x1;
      if (COLUMNS == 2u) {
        let w1 = load_weights(at + next);
        a01 += w1 * x0;
        a11 += w1 * x1;
      }
      at += 4u * params.out4;
    }
    // A loop instead of 16 copies of the epilogue: unrolled, drivers take seconds to minutes to compile it.
    for (var r = 0u; r < 4u * COLUMNS; r++) {
      let i = r & 3u;
      let second = COLUMNS == 2u && r >= 4u;
      let first_sum = select(pick(a00, i), pick(a01, i), second);
      let second_sum = select(pick(a10, i), pick(a11, i), second);
      let at_column = column + select(0u, 1u, second);
      if (PASSES == 1u) {
        let slope = finish_value(first_sum, sample + i, at_column, beta);
        if (SLOTS == 2u) {
          finish_tangent(second_sum, slope, 1u, sample + i, at_column);
        } else {
          _ = finish_value(second_sum, sample + 4u + i, at_column, beta);
        }
      } else if (SLOTS == 2u) {
        d1[r] = finish_row(first_sum, d1[r], slot, sample + i, at_column, beta);
        finish_tangent(second_sum, d1[r], slot + 1u, sample + i, at_column);
      } else {
        d1[r] = finish_row(first_sum, d1[r], slot, sample + i, at_column, beta);
        d1[8u + r] = finish_row(second_sum, d1[8u + r], slot, sample + 4u + i, at_column, beta);
      }
    }
  }
}
