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
// A row's sum runs over the inputs in order whatever the batch is: rows of a permuted batch are equal bit for bit.

// @include "common/control.wgsl"
// @include "common/activation.wgsl"
// @include "common/grid.wgsl"
// @const SLOTS: u32 = 2
// @const COLUMNS: u32 = 2
// @const STORE: u32 = 0

struct Params {
  samples: u32,
  slots: u32,
  in4: u32,
  out4: u32,
  x_at: u32,        // offsets in vec4
  x_plane: u32,     // from one slot to the next, in vec4
  y_at: u32,
  y_plane: u32,
  u_at: u32,
  w_at: u32,
  v_at: u32,        // first column / 4 of this layer in `times`
  columns4: u32,    // V / 4
  residual: u32,    // 1: the last layer subtracts the field's input, which starts at input_at
  input_at: u32,
  input_plane: u32,
  beta_at: u32,     // swish: where beta stands in `packed`, in f32
}

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

// Writes one row's 4 columns and returns sigma'(u) of its value row for the tangents to come.
fn finish_row(sum: vec4<f32>, d1: vec4<f32>, slot: u32, sample: u32, column: u32, beta: f32) -> vec4<f32> {
  if (sample >= params.samples || column >= params.out4 || slot >= params.slots) { return d1; }
  let gain = times[params.v_at + column];
  let at = sample * params.out4 + column;
  var u = gain * sum;
  var y: vec4<f32>;
  var derivative = d1;
  if (slot == 0u) {
    u += times[params.columns4 + params.v_at + column];
    y = activate(u, beta);
    derivative = activate_d1(u, y, beta);
  } else {
    y = d1 * u;
  }
  if (STORE == 1u) { pre[params.u_at + slot * params.y_plane + at] = u; }
  if (params.residual != 0u) { y -= acts[params.input_at + slot * params.input_plane + at]; }
  acts[params.y_at + slot * params.y_plane + at] = y;
  return derivative;
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

  // Results of a pass, and sigma' of the value rows: written and read in loops, which keeps the code small (drivers
  // take seconds to minutes for the same thing unrolled).
  var sums: array<vec4<f32>, 16>;
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
    // Constant indices: a matrix indexed in a loop would live in memory instead of registers.
    sums[0] = a00[0]; sums[1] = a00[1]; sums[2] = a00[2]; sums[3] = a00[3];
    if (COLUMNS == 1u) {
      sums[4] = a10[0]; sums[5] = a10[1]; sums[6] = a10[2]; sums[7] = a10[3];
    } else {
      sums[4] = a01[0]; sums[5] = a01[1]; sums[6] = a01[2]; sums[7] = a01[3];
      sums[8] = a10[0]; sums[9] = a10[1]; sums[10] = a10[2]; sums[11] = a10[3];
      sums[12] = a11[0]; sums[13] = a11[1]; sums[14] = a11[2]; sums[15] = a11[3];
    }
    for (var r = 0u; r < 8u * COLUMNS; r++) {
      let second = r / (4u * COLUMNS);
      let row_slot = slot + select(0u, second, SLOTS == 2u);
      let row = sample + r % 4u + select(4u * second, 0u, SLOTS == 2u);
      let keep = select(r, r % (4u * COLUMNS), SLOTS == 2u);
      d1[keep] = finish_row(sums[r], d1[keep], row_slot, row, column + (r / 4u) % COLUMNS, beta);
    }
  }
}
