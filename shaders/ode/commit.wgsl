// An accepted step becomes the state:  state = next;  with FSAL = 1 also k_0 = k_last (first same as last).
// RECORD = 1: every requested time inside the step gets its value first, by dense output
//   z(t_n + x h) = z_n + h sum_j k_j sum_m dense[j][m] x^(m+1)
// (the method's own polynomial where it has one, else the cubic through both ends and slopes written as one).
// RECORD = 2: the state after every accepted step is kept.
//
// control   the solve's control block           state, next  f32 [N]
// k         f32 [stages][k_stride]              times        f32 [T] requested, in any order
// recorded  f32 [T][N] (RECORD = 1) or [capacity][N] (RECORD = 2)
// One invocation per entry of the state; loops over the T times, all but a few of which lie elsewhere. Memory-bound.

// @include "common/control.wgsl"
// @include "common/grid.wgsl"
// @const FSAL: u32 = 0
// @const RECORD: u32 = 0

struct Params {
  total: u32,        // N
  stages: u32,
  k_stride: u32,
  times: u32,
  capacity: u32,
  dense: array<vec4<f32>, 28>,   // per stage the coefficients of x .. x^4, x^5 .. x^8
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: Control;
@group(0) @binding(2) var<storage, read_write> state: array<f32>;
@group(0) @binding(3) var<storage, read> next: array<f32>;
@group(0) @binding(4) var<storage, read_write> k: array<f32>;
@group(0) @binding(5) var<storage, read> times: array<f32>;
@group(0) @binding(6) var<storage, read_write> recorded: array<f32>;

// Times that rounding puts a hair outside a step still belong to it: 1e-5 of the step, and two units in the last
// place of the time, which are much of a short step.
const SLACK: f32 = 1e-5;
const TWO_ULP: f32 = 2.4e-7;

fn record_times(i: u32) {
  let before = state[i];
  for (var j = 0u; j < params.times; j++) {
    // Over an empty interval every time is its beginning.
    let x = select((times[j] - control.t_previous) / control.h_previous, 0.0, control.h_previous == 0.0);
    let slack = SLACK + TWO_ULP * max(abs(times[j]), abs(control.t_previous)) / abs(control.h_previous);
    if (x < -slack || x > 1.0 + slack) { continue; }
    let u = clamp(x, 0.0, 1.0);
    let low = vec4<f32>(u, u * u, u * u * u, u * u * u * u);
    let high = low * low.w;
    var sum = 0.0;
    for (var s = 0u; s < params.stages; s++) {
      sum += (dot(params.dense[2u * s], low) + dot(params.dense[2u * s + 1u], high)) * k[s * params.k_stride + i];
    }
    recorded[j * params.total + i] = before + control.h_previous * sum;
  }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let i = flat_invocation(group, groups, local, 64u);
  if (control.accepted_now == 0u || i >= params.total) { return; }
  if (RECORD == 1u) { record_times(i); }
  if (RECORD == 2u && control.accepted <= params.capacity) {
    recorded[(control.accepted - 1u) * params.total + i] = next[i];
  }
  state[i] = next[i];
  if (FSAL == 1u) { k[i] = k[(params.stages - 1u) * params.k_stride + i]; }
}
