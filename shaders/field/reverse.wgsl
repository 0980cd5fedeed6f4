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
// cots     vec4; U of layer l at from_at as [slot][sample][out/4]; of layer l - 1 at to_at. With SWISH = 1 one more
//          plane follows the slots of l - 1: what each element adds to d/d beta
// acts     vec4; FIRST = 1 only: the gradient goes to gradient_at as [sample][in/4]
//
// Ownership and registers as in forward.wgsl: 8 rows x 4 COLUMNS columns an invocation, all slots of a sample in one
// invocation because u_bar sums over the tangents. Expect the forward kernel's rate.

// @include "common/control.wgsl"
// @include "common/activation.wgsl"
// @include "common/grid.wgsl"
// @const SLOTS: u32 = 2
// @const COLUMNS: u32 = 2
// @const FIRST: u32 = 0

struct Params {
  samples: u32,
  slots: u32,
  in4: u32,
  out4: u32,
  from_at: u32,
  from_plane: u32,
  to_at: u32,
  to_plane: u32,
  u_at: u32,
  w_at: u32,
  v_at: u32,
  residual: u32,     // FIRST = 1: subtract the seed of the last layer, which starts at seed_at
  seed_at: u32,
  gradient_at: u32,
  beta_at: u32,
  sign: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: Control;
@group(0) @binding(2) var<storage, read> packed: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> times: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> pre: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> cots: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> acts: array<vec4<f32>>;

fn load_rows(slot: u32, sample: u32, o4: u32) -> mat4x4<f32> {
  let last = params.samples - 1u;
  let base = params.from_at + slot * params.from_plane + o4;
  return mat4x4<f32>(
    cots[base + min(sample, last) * params.out4],
    cots[base + min(sample + 1u, last) * params.out4],
    cots[base + min(sample + 2u, last) * params.out4],
    cots[base + min(sample + 3u, last) * params.out4],
  );
}

// Four rows of W, each times the gain of its output.
fn load_weights(o4: u32, column: u32) -> mat4x4<f32> {
  let base = params.w_at + 4u * o4 * params.in4 + min(column, params.in4 - 1u);
  let gain = times[params.v_at + o4];
  return mat4x4<f32>(
    gain.x * packed[base],
    gain.y * packed[base + params.in4],
    gain.z * packed[base + 2u * params.in4],
    gain.w * packed[base + 3u * params.in4],
  );
}

// Takes one row of y_bar (slot 0) or y'_bar_k and returns the running u_bar of its sample.
fn finish_row(sum: vec4<f32>, running: vec4<f32>, slot: u32, sample: u32, column: u32, beta: f32) -> vec4<f32> {
  if (sample >= params.samples || column >= params.in4 || slot >= params.slots) { return running; }
  let at = sample * params.in4 + column;
  if (FIRST == 1u) {
    var gradient = sum;
    if (params.residual != 0u) { gradient -= cots[params.seed_at + at]; }
    acts[params.gradient_at + at] = params.sign * gradient;
    return running;
  }
  let u = pre[params.u_at + at];
  let y = activate(u, beta);
  let d1 = activate_d1(u, y, beta);
  let beta_plane = params.to_at + params.slots * params.to_plane + at;
  var u_bar: vec4<f32>;
  if (slot == 0u) {
    u_bar = d1 * sum;
    if (ACTIVATION == SWISH) { cots[beta_plane] = swish_beta_value(u, beta, sum); }
  } else {
    let u_dot = pre[params.u_at + slot * params.to_plane + at];
    cots[params.to_at + slot * params.to_plane + at] = d1 * sum;
    u_bar = running + activate_d2(u, y, beta) * u_dot * sum;
    if (ACTIVATION == SWISH) { cots[beta_plane] += swish_beta_tangent(u, u_dot, beta, sum); }
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

  var sums: array<vec4<f32>, 8u * COLUMNS>;
  var running: array<vec4<f32>, 8u * COLUMNS>;
  for (var slot = 0u; slot < params.slots; slot += SLOTS) {
    var a00 = mat4x4<f32>(); var a01 = mat4x4<f32>(); var a10 = mat4x4<f32>(); var a11 = mat4x4<f32>();
    let slot_1 = min(slot + SLOTS - 1u, params.slots - 1u);
    let sample_1 = sample + select(0u, 4u, SLOTS == 1u);
    for (var o4 = 0u; o4 < params.out4; o4++) {
      let g0 = load_rows(slot, sample, o4);
      let g1 = load_rows(slot_1, sample_1, o4);
      let w0 = load_weights(o4, column);
      a00 += w0 * g0;
      a10 += w0 * g1;
      if (COLUMNS == 2u) {
        let w1 = load_weights(o4, column + 1u);
        a01 += w1 * g0;
        a11 += w1 * g1;
      }
    }
    for (var i = 0u; i < 4u; i++) {
      sums[i] = a00[i];
      sums[4u * COLUMNS + i] = a10[i];
      if (COLUMNS == 2u) {
        sums[4u + i] = a01[i];
        sums[4u * COLUMNS + 4u + i] = a11[i];
      }
    }
    for (var r = 0u; r < 8u * COLUMNS; r++) {
      let second = r / (4u * COLUMNS);
      let row_slot = slot + select(0u, second, SLOTS == 2u);
      let row = sample + r % 4u + select(4u * second, 0u, SLOTS == 2u);
      let keep = select(r, r % (4u * COLUMNS), SLOTS == 2u);
      running[keep] = finish_row(sums[r], running[keep], row_slot, row, column + (r / 4u) % COLUMNS, beta);
    }
  }
}
