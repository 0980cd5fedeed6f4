// Ends the arithmetic of a step and decides whether it counts:
//   loss = mean nll,  norm = |theta_bar|,  clip = min(1, limit / norm)
// A step counts when both solves reached their end and loss and norm are finite. A solve that ran out of submitted
// steps ("running") does not count and is tried again with the same numbers, once the CPU submits more; any other
// failure halts the run with the parameters of the last good step.
//
// nll         f32 [samples]            partial   f32 [groups]: sums of squares (grad_norm.wgsl), or (SQUARES = 1)
//                                      the gradient itself
// forward, backward  control blocks    state     the run
// batch_key, probe_key  u32 [4]: seed low, seed high, purpose, step; their step counts with the run
// ring        f32 [slots][8]: loss, norm, nfe forward, nfe backward, step, counted, status, attempts of the solves
// One workgroup of 128. Latency only.

// @include "common/control.wgsl"
// @include "common/train_state.wgsl"
// @include "common/math.wgsl"
// @const SQUARES: u32 = 0

struct Params {
  samples: u32,
  groups: u32,
  slots: u32,
  clip: f32,      // 0: no clipping
}

const OK: u32 = 0u;
const RUNNING: u32 = 1u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> nll: array<f32>;
@group(0) @binding(2) var<storage, read> partial: array<f32>;
@group(0) @binding(3) var<storage, read> forward: Control;
@group(0) @binding(4) var<storage, read> backward: Control;
@group(0) @binding(5) var<storage, read_write> state: TrainState;
@group(0) @binding(6) var<storage, read_write> batch_key: array<u32, 4>;
@group(0) @binding(7) var<storage, read_write> probe_key: array<u32, 4>;
@group(0) @binding(8) var<storage, read_write> ring: array<f32>;

var<workgroup> sums: array<vec2<f32>, 128>;

@compute @workgroup_size(128)
fn main(@builtin(local_invocation_index) local: u32) {
  var sum = vec2<f32>();
  for (var i = local; i < params.samples; i += 128u) { sum.x += nll[i]; }
  for (var i = local; i < params.groups; i += 128u) { sum.y += select(partial[i], partial[i] * partial[i], SQUARES == 1u); }
  sums[local] = sum;
  for (var half = 64u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) { sums[local] += sums[local + half]; }
  }
  if (local != 0u) { return; }
  let loss = sums[0].x / f32(params.samples);
  let squares = sums[0].y;
  let norm = sqrt(squares);
  var status = forward.status;
  if (status == OK) { status = backward.status; }
  let finite = !non_finite(loss) && !non_finite(squares);
  if (state.halted == 0u && status != RUNNING && (status != OK || !finite)) {
    state.halted = 1u;
    state.reason = status;
  }
  state.go = select(0u, 1u, state.halted == 0u && status == OK);
  state.current = state.step;
  state.clip = 1.0;
  if (params.clip > 0.0 && norm > params.clip) { state.clip = params.clip / norm; }
  let at = 8u * (state.attempt % params.slots);
  ring[at] = loss;
  ring[at + 1u] = norm;
  ring[at + 2u] = f32(forward.nfe);
  ring[at + 3u] = f32(backward.nfe);
  ring[at + 4u] = f32(state.step);
  ring[at + 5u] = f32(state.go);
  ring[at + 6u] = f32(status);
  ring[at + 7u] = f32(max(forward.attempts, backward.attempts));
  state.attempt += 1u;
  state.step += state.go;
  batch_key[3] = state.step;
  probe_key[3] = state.step;
}
