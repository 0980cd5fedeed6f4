// The one-workgroup kernels that steer a solve: they own the control block, and no decision leaves the GPU.
//   begin           t = t0, first step of a fixed-step solve or a given first step
//   first_guess     Hairer's h0 from the norms of state and k_0
//   first_step      Hairer's h1 from the norm of k_1 - k_0 after an Euler step of h0
//   advance         end of a fixed step
//   decide          end of an adaptive step: E is the largest root mean square of the three groups (steering.wgsl)
//   begin_reverse   the discrete adjoint starts at the last accepted step
//   retreat         and goes one step back
//
// settings  what was asked for                 interval  f32 [2]: t0, t1 (on the GPU, because T can be trained)
// partial   sums of finish.wgsl or norm.wgsl   steps     vec4 [capacity]: t, h, tau, fraction of accepted steps
// forward   control block of the forward solve (begin_reverse only)
// One workgroup of 64: sums over workgroups by a strided loop and a tree. Latency only.

// @include "common/steering.wgsl"

@group(0) @binding(0) var<storage, read> settings: Settings;
@group(0) @binding(1) var<storage, read_write> control: Control;
@group(0) @binding(2) var<storage, read> interval: array<f32>;
@group(0) @binding(3) var<storage, read> partial: array<f32>;
@group(0) @binding(4) var<storage, read_write> steps: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> forward: Control;

var<workgroup> sums: array<vec3<f32>, 64>;

// Largest root mean square of the three groups.
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
  return rms_of(sums[0]);
}

fn keep_step(n: u32, step: vec4<f32>) {
  if (n < arrayLength(&steps)) { steps[n] = step; }
}

@compute @workgroup_size(1)
fn begin() {
  start_control(interval[0], interval[1]);
}

@compute @workgroup_size(64)
fn first_guess(@builtin(local_invocation_index) local: u32) {
  let d0 = largest_rms(local, 0u, 6u);
  let d1 = largest_rms(local, 3u, 6u);
  if (local != 0u) { return; }
  guess_first(d0, d1);
}

@compute @workgroup_size(64)
fn first_step(@builtin(local_invocation_index) local: u32) {
  let difference = largest_rms(local, 0u, 6u);
  if (local != 0u || control.done != 0u) { return; }
  choose_first(difference);
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
  decide_step(rms);
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
