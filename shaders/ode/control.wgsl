// The one-workgroup kernels that steer a solve: they own the control block, and no decision leaves the GPU.
//   begin           t = t0, first step of a fixed-step solve or a given first step
//   first_guess     Hairer's h0 from the norms of state and k_0
//   first_step      Hairer's h1 from the norm of k_1 - k_0 after an Euler step of h0
//   advance         end of a fixed step
//   decide          end of an adaptive step: error ratio E = largest root mean square of the three groups, floored at
//                   1e-10; accept when E <= 1; next h = h clip(safety E^-p1 E'^-p2 E''^-p3, factor_min, factor_max)
//                   (I, PI, PID: Soderlind 2003, doi:10.1145/641876.641877); the last step ends exactly at t1
//   begin_reverse   the discrete adjoint starts at the last accepted step
//   retreat         and goes one step back
//
// settings  what was asked for                 interval  f32 [2]: t0, t1 (on the GPU, because T can be trained)
// partial   sums of finish.wgsl or norm.wgsl   steps     vec4 [capacity]: t, h, tau, fraction of accepted steps
// forward   control block of the forward solve (begin_reverse only)
// One workgroup of 64: sums over workgroups by a strided loop and a tree. Latency only.

// @include "common/control.wgsl"
// @include "common/settings.wgsl"
// @include "common/math.wgsl"

const OK: u32 = 0u;
const RUNNING: u32 = 1u;
const MAX_STEPS: u32 = 2u;
const STEP_UNDERFLOW: u32 = 3u;
const NON_FINITE: u32 = 4u;

@group(0) @binding(0) var<storage, read> settings: Settings;
@group(0) @binding(1) var<storage, read_write> control: Control;
@group(0) @binding(2) var<storage, read> interval: array<f32>;
@group(0) @binding(3) var<storage, read> partial: array<f32>;
@group(0) @binding(4) var<storage, read_write> steps: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> forward: Control;

var<workgroup> sums: array<vec3<f32>, 64>;

// Largest root mean square of the three groups; NOT_FINITE when a sum is not finite (max() may drop a NaN).
const NOT_FINITE: f32 = -1.0;

fn largest_rms(local: u32, at: u32, stride: u32) -> f32 {
  var sum = vec3<f32>();
  for (var i = local; i < settings.groups; i += 64u) {
    let entry = i * stride + at;
    sum += vec3<f32>(partial[entry], partial[entry + 1u], partial[entry + 2u]);
  }
  workgroupBarrier();
  sums[local] = sum;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) { sums[local] += sums[local + half]; }
  }
  workgroupBarrier();
  let counts = vec3<f32>(f32(settings.count_0), f32(settings.count_1), f32(settings.count_2));
  // A group that does not count (tangents change no step) has count 0.
  let mean = select(sums[0] / max(counts, vec3<f32>(1.0)), vec3<f32>(), counts == vec3<f32>());
  if (non_finite(mean.x) || non_finite(mean.y) || non_finite(mean.z)) { return NOT_FINITE; }
  return sqrt(max(mean.x, max(mean.y, mean.z)));
}

fn stop(status: u32) {
  control.status = status;
  control.done = 1u;
}

// Sets the step to come: within max_step, and cut so that the last one ends at t1.
fn propose(size: f32) {
  let span = control.t1 - control.t0;
  let direction = select(-1.0, 1.0, span >= 0.0);
  let left = (control.t1 - control.t) + control.t_low;
  let wanted = min(size, settings.max_step);
  control.h_proposed = direction * wanted;
  // A step that would leave less than a millionth of itself takes the rest as well.
  if (wanted * 1.000001 >= abs(left)) {
    control.h = left;
    control.landing = 1u;
  } else {
    control.h = direction * wanted;
    control.landing = 0u;
  }
  control.fraction = control.h / span;
}

@compute @workgroup_size(1)
fn begin() {
  control = Control();
  control.t0 = interval[0];
  control.t1 = interval[1];
  control.t = control.t0;
  control.error_1 = 1.0;
  control.error_2 = 1.0;
  control.status = RUNNING;
  control.nfe = settings.nfe_begin;
  if (settings.fixed_steps > 0u) {
    control.h = (control.t1 - control.t0) / f32(settings.fixed_steps);
    control.fraction = 1.0 / f32(settings.fixed_steps);
  } else if (settings.first_step > 0.0) {
    propose(max(settings.first_step, settings.min_step));
  }
}

@compute @workgroup_size(64)
fn first_guess(@builtin(local_invocation_index) local: u32) {
  let d0 = largest_rms(local, 0u, 6u);
  let d1 = largest_rms(local, 3u, 6u);
  if (local != 0u) { return; }
  if (d0 == NOT_FINITE || d1 == NOT_FINITE) {
    stop(NON_FINITE);
    return;
  }
  control.d0 = d0;
  control.d1 = d1;
  var h = 1e-6;
  if (d0 >= 1e-5 && d1 >= 1e-5) { h = 0.01 * d0 / d1; }
  let span = control.t1 - control.t0;
  control.h = select(-1.0, 1.0, span >= 0.0) * min(h, min(abs(span), settings.max_step));
}

@compute @workgroup_size(64)
fn first_step(@builtin(local_invocation_index) local: u32) {
  let difference = largest_rms(local, 0u, 6u);
  if (local != 0u || control.done != 0u) { return; }
  if (difference == NOT_FINITE) {
    stop(NON_FINITE);
    return;
  }
  let guess = abs(control.h);
  let steepest = max(control.d1, difference / guess);
  var h = max(1e-6, guess * 1e-3);
  if (steepest > 1e-15) { h = pow(0.01 / steepest, settings.order_power); }
  propose(max(min(100.0 * guess, h), settings.min_step));
}

fn note_step() {
  if (control.accepted < arrayLength(&steps)) {
    steps[control.accepted] = vec4<f32>(control.t, control.h, control.tau, control.fraction);
  }
  control.t_previous = control.t;
  control.h_previous = control.h;
  control.tau += control.fraction;
  control.accepted_now = 1u;
  control.accepted += 1u;
}

@compute @workgroup_size(1)
fn advance() {
  control.accepted_now = 0u;
  if (control.done != 0u) { return; }
  control.nfe += settings.nfe_step;
  note_step();
  let n = f32(control.accepted);
  control.t = control.t0 + n * control.h;
  control.tau = n * control.fraction;
  if (control.accepted == settings.fixed_steps) {
    control.t = control.t1;
    stop(OK);
  }
}

@compute @workgroup_size(64)
fn decide(@builtin(local_invocation_index) local: u32) {
  let rms = largest_rms(local, 0u, 3u);
  if (local != 0u) { return; }
  control.accepted_now = 0u;
  if (control.done != 0u) { return; }
  control.nfe += settings.nfe_step;
  control.attempts += 1u;
  let h = abs(control.h);
  var factor = settings.factor_min;
  if (rms != NOT_FINITE) {
    let error = max(rms, 1e-10);
    control.error_now = error;
    // After a rejection the history belongs to a longer step: the I rule alone.
    factor = settings.safety * pow(error, -select(settings.order_power, settings.power_1, error <= 1.0));
    if (error <= 1.0) {
      factor *= pow(control.error_1, -settings.power_2) * pow(control.error_2, -settings.power_3);
      control.error_2 = control.error_1;
      control.error_1 = error;
      note_step();
    }
    factor = clamp(factor, settings.factor_min, settings.factor_max);
  }
  if (control.accepted_now != 0u) {
    control.rejected_in_row = 0u;
    if (control.landing != 0u) {
      control.t = control.t1;
      stop(OK);
      return;
    }
    // Compensated sum: t_low holds what the last additions rounded away.
    let step = control.h - control.t_low;
    let t = control.t + step;
    control.t_low = (t - control.t) - step;
    control.t = t;
  } else {
    control.rejected += 1u;
    control.rejected_in_row += 1u;
    factor = min(factor, 1.0);
  }
  // A cut last step says nothing about the size wanted: go on from there all the same, it is at most that.
  let wanted = h * factor;
  let smallest = max(settings.min_step, 1e-6 * max(abs(control.t), abs(control.t1 - control.t0)) * 0.1);
  // Only a step that was as short as they may be is the last one tried.
  if (control.accepted_now == 0u && h <= smallest) {
    stop(select(STEP_UNDERFLOW, NON_FINITE, rms == NOT_FINITE));
    return;
  }
  if (control.attempts >= settings.max_attempts || control.accepted >= settings.max_accepted) {
    stop(MAX_STEPS);
    return;
  }
  propose(max(wanted, smallest));
}

// The reverse control block reuses `accepted` as the index of the step that is being reversed.
fn take_step(n: u32) {
  let step = steps[n];
  control.accepted = n;
  control.t = step.x;
  control.h = step.y;
  control.tau = step.z;
  control.fraction = step.w;
}

@compute @workgroup_size(1)
fn begin_reverse() {
  control = Control();
  control.t0 = forward.t0;
  control.t1 = forward.t1;
  control.status = RUNNING;
  if (forward.status != OK) {
    stop(forward.status);
  } else {
    take_step(forward.accepted - 1u);
  }
}

@compute @workgroup_size(1)
fn retreat() {
  control.accepted_now = 0u;
  if (control.done != 0u) { return; }
  control.accepted_now = 1u;
  control.nfe += settings.nfe_step;
  if (control.accepted == 0u) {
    stop(OK);
  } else {
    take_step(control.accepted - 1u);
  }
}
