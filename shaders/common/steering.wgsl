// How a solve chooses its steps: the arithmetic of a control block, for whoever owns it.
//   start_control   t = t0, first step of a fixed-step solve or a given first step
//   guess_first     Hairer's h0 from the norms of state and k_0
//   choose_first    Hairer's h1 from the norm of k_1 - k_0 after an Euler step of h0
//   decide_step     end of an adaptive step: error ratio E, floored at 1e-10; accept when E <= 1;
//                   next h = h clip(safety E^-p1 E'^-p2 E''^-p3, factor_min, factor_max)
//                   (I, PI, PID: Soderlind 2003, doi:10.1145/641876.641877); the last step ends exactly at t1
// A kernel that includes this declares `control` (Control) and `settings` (Settings), and keep_step(n, step), which is
// told t, h, tau and fraction of every accepted step.

// @include "common/control.wgsl"
// @include "common/settings.wgsl"
// @include "common/math.wgsl"

const OK: u32 = 0u;
const RUNNING: u32 = 1u;
const MAX_STEPS: u32 = 2u;
const STEP_UNDERFLOW: u32 = 3u;
const NON_FINITE: u32 = 4u;

// Largest root mean square of the three groups; NOT_FINITE when a sum is not finite (max() may drop a NaN).
const NOT_FINITE: f32 = -1.0;

fn rms_of(sums: vec3<f32>) -> f32 {
  let counts = vec3<f32>(f32(settings.count_0), f32(settings.count_1), f32(settings.count_2));
  // A group that does not count (tangents change no step) has count 0.
  let mean = select(sums / max(counts, vec3<f32>(1.0)), vec3<f32>(), counts == vec3<f32>());
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

fn start_control(t0: f32, t1: f32) {
  control = Control();
  control.t0 = t0;
  control.t1 = t1;
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

fn guess_first(d0: f32, d1: f32) {
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

fn choose_first(difference: f32) {
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

// Where the step under way ends, to the bit as decide_step() has it: a stage there may be the first of the next step.
fn end_of_step() -> f32 {
  return select(control.t + (control.h - control.t_low), control.t1, control.landing != 0u);
}

fn note_step() {
  keep_step(control.accepted, vec4<f32>(control.t, control.h, control.tau, control.fraction));
  control.t_previous = control.t;
  control.h_previous = control.h;
  control.tau += control.fraction;
  control.accepted_now = 1u;
  control.accepted += 1u;
}

fn decide_step(rms: f32) {
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
