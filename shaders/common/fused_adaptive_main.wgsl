// A whole adaptive Runge-Kutta solve of an MLP field with its trace in one dispatch: each workgroup owns a tile of
// samples, judges the error of its own rows and chooses its own steps (Hairer, Norsett and Wanner, Solving ODEs I,
// II.4), so tiles neither wait for each other nor for the host. A tile that is not done after to_step tries leaves
// its state and control block for the next dispatch.
//
// packed    vec4, the weights               interval  f32 [2]: t0, t1
// state, probes, kept   see fused_solve.wgsl; settings  see settings.wgsl, its counts those of a full tile
// steps     vec4 [tile][1 + capacity]: the number of steps, then t, h, tau, fraction of each (KEEP = 1)
// tape      rows, where they are spilled    reports   [tile]: control blocks, all zero before a solve
//
// Cost as forward.wgsl, by the tries of the tile; the decision is a serial sum over GROUP numbers by one invocation,
// some hundred cycles against tens of thousands of a step.

// @include "common/fused_solve.wgsl"
// @include "common/fused_error.wgsl"
// @const FSAL: u32 = 0

@group(0) @binding(2) var<storage, read> interval: array<f32>;
@group(0) @binding(3) var<storage, read_write> state: array<f32>;
@group(0) @binding(4) var<storage, read> probes: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> steps: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> kept: array<f32>;
@group(0) @binding(8) var<storage, read_write> reports: array<Control>;
@group(0) @binding(9) var<uniform> settings: Settings;

var<workgroup> control: Control;
// Delta at the end of the step under way; z stands in `point` then.
var<workgroup> next_delta: array<f32, TILE>;
var<private> own_tile: u32;
var<private> begun: bool;

// What the field is evaluated for: k_0, an Euler step by the rule for the first step, or the stages of a step.
const FIRST: u32 = 0u;
const EULER: u32 = 1u;
const STEP: u32 = 2u;

fn keep_step(n: u32, step: vec4<f32>) {
  if (KEEP == 1u && n < params.capacity) { steps[own_tile * (params.capacity + 1u) + 1u + n] = step; }
}

fn scaled_one(value: f32, size: f32) -> f32 {
  let ratio = value / (settings.atol + settings.rtol * abs(size));
  return ratio * ratio;
}

// z and k_0 (SECOND = false), or k_1 - k_0, over their scales: sums for z, Delta and again z, Delta.
fn norm_shares(tile: u32, second: bool, local: u32) -> vec4<f32> {
  var mine = vec4<f32>();
  for (var e = local; e < ENTRIES; e += GROUP) {
    if (!is_sample(tile, e / LD4)) { continue; }
    if (second) {
      mine.x += scaled_square(slopes[ENTRIES + e] - slopes[e], z_at(e), settings.atol, e % LD4);
    } else {
      mine.x += scaled_square(z_at(e), z_at(e), settings.atol, e % LD4);
      mine.z += scaled_square(slopes[e], z_at(e), settings.atol, e % LD4);
    }
  }
  if (SLOTS == 1u) { return mine; }
  for (var sample = local; sample < TILE; sample += GROUP) {
    if (!is_sample(tile, sample)) { continue; }
    let here = delta[sample];
    if (second) {
      mine.y += scaled_one(traces[TILE + sample] - traces[sample], here);
    } else {
      mine.y += scaled_one(here, here);
      mine.w += scaled_one(traces[sample], here);
    }
  }
  return mine;
}

// z + h k_0, into the rows: the Euler step of the first-step rule.
fn place_euler(tile: u32, h: f32, local: u32) {
  for (var e = local; e < ENTRIES; e += GROUP) { set_point(e, z_at(e) + h * slopes[e]); }
  place_rows(tile, local, 0u);
}

// The evaluations of a phase. The field stands here alone: compilers copy it to every place that it is called from.
fn evaluate_stages(tile: u32, phase: u32, local: u32) {
  let t = control.t;
  let h = select(control.h, 0.0, phase == FIRST);
  let record = control.accepted * params.stages;
  if (FSAL == 1u && KEEP == 1u && phase == STEP) {
    for (var e = local; e < ENTRIES; e += GROUP) { set_point(e, z_at(e)); }
    keep_stage(tile, record, 0u, local);
  }
  let end = select(phase + 1u, params.stages, phase == STEP);
  for (var i = select(phase, FSAL, phase == STEP); i < end; i++) {
    if (phase == EULER) { place_euler(tile, h, local); } else { place_point(tile, i, h, local, 0u); }
    sync();
    var time = t + select(weight_c(i), 1.0, phase == EULER) * h;
    if (FSAL == 1u && phase == STEP && i + 1u == params.stages) { time = end_of_step(); }
    evaluate(time, local, 0u);
    take_slopes(tile, i, local);
    if (KEEP == 1u && phase == STEP) { keep_stage(tile, record + i, i, local); }
    sync();
  }
}

// The end of a phase: the length of the first step, or whether a step is accepted, and the next one's.
fn decide(phase: u32, by_rule: bool, sums: vec4<f32>) {
  let rms = rms_of(vec3<f32>(sums.x, 0.0, sums.y));
  if (phase == STEP) { decide_step(rms); }
  if (phase == FIRST && by_rule) { guess_first(rms, rms_of(vec3<f32>(sums.z, 0.0, sums.w))); }
  if (phase == EULER) { choose_first(rms); }
}

fn take_phase(tile: u32, phase: u32, by_rule: bool, local: u32) {
  evaluate_stages(tile, phase, local);
  var mine: vec4<f32>;
  if (phase == STEP) { mine = finish_step(tile, control.h, local); } else { mine = norm_shares(tile, phase == EULER, local); }
  let sums = add_shares(tile, mine, local);
  if (local == 0u) { decide(phase, by_rule, sums); }
  workgroupBarrier();
  if (phase == STEP && control.accepted_now == 1u) { accept_step(local); }
  workgroupBarrier();
}

// z and Delta at the end of the step, and the squares of their error ratios.
fn finish_step(tile: u32, h: f32, local: u32) -> vec4<f32> {
  var mine = vec4<f32>();
  for (var e = local; e < ENTRIES; e += GROUP) {
    var step = vec4<f32>();
    var error = vec4<f32>();
    for (var j = 0u; j < params.stages; j++) {
      step += weight_b(j) * slopes[j * ENTRIES + e];
      error += weight_e(j) * slopes[j * ENTRIES + e];
    }
    let after = z_at(e) + h * step;
    set_point(e, after);
    if (is_sample(tile, e / LD4)) { mine.x += scaled_square(h * error, max(abs(z_at(e)), abs(after)), settings.atol, e % LD4); }
  }
  if (SLOTS == 1u) { return mine; }
  for (var sample = local; sample < TILE; sample += GROUP) {
    var step = 0.0;
    var error = 0.0;
    for (var j = 0u; j < params.stages; j++) {
      step += weight_b(j) * traces[j * TILE + sample];
      error += weight_e(j) * traces[j * TILE + sample];
    }
    let after = delta[sample] + h * step;
    next_delta[sample] = after;
    if (is_sample(tile, sample)) { mine.y += scaled_one(h * error, max(abs(delta[sample]), abs(after))); }
  }
  return mine;
}

fn accept_step(local: u32) {
  let last = params.stages - 1u;
  for (var e = local; e < ENTRIES; e += GROUP) {
    set_z(e, point_at(e));
    if (FSAL == 1u) { slopes[e] = slopes[last * ENTRIES + e]; }
  }
  for (var sample = local; sample < TILE; sample += GROUP) {
    delta[sample] = next_delta[sample];
    if (FSAL == 1u) { traces[sample] = traces[last * TILE + sample]; }
  }
}

// Where all tiles are done nothing is set up. A loop, since processors that emulate a GPU do what is in an if and mask it.
fn begin_once(local: u32) {
  while (!begun) {
    begin_tiles(local);
    begun = true;
  }
}

fn solve_tile(tile: u32, local: u32) {
  own_tile = tile;
  workgroupBarrier();
  if (local == 0u) { control = reports[tile]; }
  // A block of zeros is neither done nor running: nothing has been tried.
  let fresh = workgroupUniformLoad(&control.status) == OK && workgroupUniformLoad(&control.done) == 0u;
  if (fresh && local == 0u) { start_control(interval[0], interval[1]); }
  load_state(tile, fresh, local);
  workgroupBarrier();
  let by_rule = fresh && settings.first_step == 0.0;
  var phase = select(STEP, FIRST, FSAL == 1u || by_rule);
  let before = workgroupUniformLoad(&control.attempts);
  loop {
    let done = workgroupUniformLoad(&control.done);
    let tries = workgroupUniformLoad(&control.attempts) - before;
    let full = KEEP == 1u && workgroupUniformLoad(&control.accepted) >= params.capacity;
    if (done != 0u || tries >= params.to_step || full) { break; }
    begin_once(local);
    take_phase(tile, phase, by_rule, local);
    phase = select(STEP, EULER, phase == FIRST && by_rule);
  }
  store_state(tile, local);
  if (LOSS == 1u) { store_loss(tile, local); }
  if (local != 0u) { return; }
  reports[tile] = control;
  if (KEEP == 1u) { steps[tile * (params.capacity + 1u)] = vec4<f32>(f32(control.accepted), 0.0, 0.0, 0.0); }
}

@compute @workgroup_size(GROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  spill_at = params.spill_at + group.x * ROWS;
  for (var tile = group.x; tile < params.tiles; tile += groups.x) {
    solve_tile(tile, local);
    workgroupBarrier();
  }
}
