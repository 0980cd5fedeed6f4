// Continuous adjoint (Chen et al. 2018, arXiv:1806.07366, algorithm 2), a tile of samples a workgroup: z and its
// cotangent a go back from t1 to t0,
//   dz/dt = f,   da/dt = -d/dz (a.f - a_Delta tr)
// and the gradients of the parameters are quadratures over the stages, outside the state and its error norm
// ("Hey, that's not an ODE", arXiv:2009.09457). ADAPTIVE = 1: every tile chooses its own steps; what a step adds to the
// gradients stands in a second chunk until the step is accepted. FSAL = 1, of adaptive steps: the last stage of a step is the
// first of the next, slopes and all. What it adds to the gradients is not known before the next step's length, so it is kept
// with weight 1 in a chunk of its own, beside that of the stage that the step under way began with.
//
// packed    vec4, the weights               interval  f32 [2]: t0, t1
// probes    vec4 [k][sample][LD4]           settings  see settings.wgsl, its counts those of a full tile
// bars      f32: z(t1) [samples][dim] at 0; z under way at stage_bar_at; a at bar_at (start and result), dL/dDelta at
//           delta_bar_at, dL/dt1 per sample at end_bar_at
// tape      vec4 [workgroup][RING][tile4], then spilled rows
// partial   vec4 [1 + ADAPTIVE + 2 FSAL][workgroup][chunk4]
// reports   [tile] (ADAPTIVE = 1), all zero before a solve, or [1]: the end of the solve, by tile 0
//
// A stage costs an evaluation and a reverse sweep with its weight gradients: three forward evaluations' work. Expect
// the rate of fused_discrete_main.wgsl.

// @include "common/fused_derivatives.wgsl"
// @include "common/fused_bars.wgsl"
// @include "common/fused_error.wgsl"
// @const SLOPES: u32 = 8
// @const ADAPTIVE: u32 = 0
// @const FSAL: u32 = 0

@group(0) @binding(2) var<storage, read> interval: array<f32>;
@group(0) @binding(3) var<storage, read> probes: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> bars: array<f32>;
@group(0) @binding(7) var<storage, read_write> reports: array<Control>;
@group(0) @binding(8) var<uniform> settings: Settings;

// z and a, the stage's point, and the slopes as [stage][sample][LD4]. An entry belongs to one invocation.
var<workgroup> z: array<vec4<f32>, ENTRIES>;
var<workgroup> a: array<vec4<f32>, ENTRIES>;
var<workgroup> point_z: array<vec4<f32>, ENTRIES>;
var<workgroup> point_a: array<vec4<f32>, ENTRIES>;
var<workgroup> slopes_z: array<vec4<f32>, SLOPES>;
var<workgroup> slopes_a: array<vec4<f32>, SLOPES>;
var<workgroup> control: Control;
// Where this workgroup's gradients are: sums, those of the step under way, and for a weight of 1 those of the stage that the step
// began with and of its last one.
struct Chunks {
  sums: u32,
  step: u32,
  first: u32,
  last: u32,
}

var<private> chunks: Chunks;
// d/d beta likewise; that of the step under way is beta_bar.
var<private> beta_kept: f32 = 0.0;
var<private> beta_first: f32;
var<private> beta_last: f32;

// What a point is: where the solve, or this dispatch's part of it, begins; the end of an Euler step, for the first-step rule; a
// stage of a step. A kernel has one copy of an evaluation and of a sweep, so one loop takes all of them.
const BEGIN: u32 = 0u;
const RULE: u32 = 1u;
const STEP: u32 = 2u;

// Nothing is kept of the steps of a continuous adjoint.
fn keep_step(n: u32, step: vec4<f32>) {}

fn a_delta(tile: u32, sample: u32) -> f32 {
  if (SLOTS == 1u || !is_sample(tile, sample)) { return 0.0; }
  return bars[params.delta_bar_at + tile * TILE + sample];
}

// The field at the point: k_i of z; the tape then holds the evaluation, the rows f and J e_k.
fn evaluate_point(tile: u32, i: u32, t: f32, local: u32, own: u32) {
  let record = own_record(own, i);
  for (var e = local; e < ENTRIES; e += GROUP) {
    for (var slot = 0u; slot < SLOTS; slot++) {
      var x = point_z[e];
      if (slot > 0u) { x = probe_at(tile, slot, e); }
      set_input(record, slot, e / LD4, e % LD4, x);
    }
  }
  sync();
  evaluate(t, local, record);
  for (var e = local; e < ENTRIES; e += GROUP) {
    var value = result(0u, e / LD4, e % LD4);
    if (RESIDUAL == 1u) { value -= point_z[e]; }
    slopes_z[i * ENTRIES + e] = value;
  }
}

// The reverse sweep at the point: k_i of a, and the stage's share of the gradients, as the entry-th until they are flushed.
fn sweep_point(tile: u32, i: u32, entry: u32, share: StageShare, local: u32, own: u32) {
  begin_sweep(entry);
  for (var e = local; e < ENTRIES; e += GROUP) {
    let sample = e / LD4;
    set_seed(0u, sample, e % LD4, point_a[e]);
    let scale = -a_delta(tile, sample) * params.trace_weight;
    for (var slot = 1u; slot < SLOTS; slot++) {
      set_seed(slot, sample, e % LD4, scale * probe_at(tile, slot, e));
    }
  }
  sync_all();
  sweep(share, entry, local, own_record(own, i));
  for (var e = local; e < ENTRIES; e += GROUP) {
    var value = -input_bar(e / LD4, e % LD4);
    if (RESIDUAL == 1u) { value += point_a[e]; }
    slopes_a[i * ENTRIES + e] = value;
  }
  // The next stage writes rows and tape that this one's neighbours still read.
  sync_all();
}

// RULE: an Euler step.
fn place_point(point: u32, i: u32, h: f32, local: u32) {
  for (var e = local; e < ENTRIES; e += GROUP) {
    var sum_z = vec4<f32>();
    var sum_a = vec4<f32>();
    for (var j = 0u; j < i; j++) {
      let weight = select(weight_a(i, j), 1.0, point == RULE);
      sum_z += weight * slopes_z[j * ENTRIES + e];
      sum_a += weight * slopes_a[j * ENTRIES + e];
    }
    point_z[e] = z[e] + h * sum_z;
    point_a[e] = a[e] + h * sum_a;
  }
}

// z and a at the end of the step into the points; the squares of their error ratios.
fn finish_step(tile: u32, h: f32, local: u32) -> vec4<f32> {
  var mine = vec4<f32>();
  for (var e = local; e < ENTRIES; e += GROUP) {
    var step_z = vec4<f32>(); var error_z = vec4<f32>();
    var step_a = vec4<f32>(); var error_a = vec4<f32>();
    for (var j = 0u; j < params.stages; j++) {
      step_z += weight_b(j) * slopes_z[j * ENTRIES + e];
      step_a += weight_b(j) * slopes_a[j * ENTRIES + e];
      error_z += weight_e(j) * slopes_z[j * ENTRIES + e];
      error_a += weight_e(j) * slopes_a[j * ENTRIES + e];
    }
    point_z[e] = z[e] + h * step_z;
    point_a[e] = a[e] + h * step_a;
    if (ADAPTIVE == 0u || !is_sample(tile, e / LD4)) { continue; }
    mine.x += scaled_square(h * error_z, max(abs(z[e]), abs(point_z[e])), settings.atol, e % LD4);
    mine.y += scaled_square(h * error_a, max(abs(a[e]), abs(point_a[e])), atol_a(), e % LD4);
  }
  return mine;
}

// The cotangent of a mean over the batch is of size 1/B: so is the absolute error it may have.
fn atol_a() -> f32 { return settings.atol / f32(params.samples); }

fn move_on(local: u32) {
  for (var e = local; e < ENTRIES; e += GROUP) {
    z[e] = point_z[e];
    a[e] = point_a[e];
  }
}

// dL/dt1 = a.f - a_Delta tr, from the evaluation at t1 that is in the rows.
fn store_end_bar(tile: u32, local: u32) {
  workgroupBarrier();
  for (var sample = local; sample < TILE; sample += GROUP) {
    if (!is_sample(tile, sample)) { continue; }
    var sum = 0.0;
    var trace = 0.0;
    for (var d4 = 0u; d4 < LD4; d4++) {
      let e = sample * LD4 + d4;
      sum += dot(a[e], slopes_z[e]);
      for (var slot = 1u; slot < SLOTS; slot++) {
        let probe = probe_at(tile, slot, e);
        var image = result(slot, sample, d4);
        if (RESIDUAL == 1u) { image -= probe; }
        trace += dot(probe, image);
      }
    }
    bars[params.end_bar_at + tile * TILE + sample] = sum - a_delta(tile, sample) * params.trace_weight * trace;
  }
  sync();
}

fn load_tile(tile: u32, begins: bool, local: u32) {
  take_probe(tile, local);
  for (var e = local; e < ENTRIES; e += GROUP) {
    z[e] = load_bar(select(params.stage_bar_at, 0u, begins), tile, e);
    a[e] = load_bar(params.bar_at, tile, e);
  }
}

fn store_tile(tile: u32, local: u32) {
  for (var e = local; e < ENTRIES; e += GROUP) {
    store_bar(params.stage_bar_at, tile, e, z[e]);
    store_bar(params.bar_at, tile, e, a[e]);
  }
}

// Hairer's first step from the slopes at t1, which stand at stage 0 ...
fn guess_first_step(tile: u32, local: u32) {
  var mine = vec4<f32>();
  for (var e = local; e < ENTRIES; e += GROUP) {
    if (!is_sample(tile, e / LD4)) { continue; }
    mine += vec4<f32>(
      scaled_square(z[e], z[e], settings.atol, e % LD4), scaled_square(a[e], a[e], atol_a(), e % LD4),
      scaled_square(slopes_z[e], z[e], settings.atol, e % LD4), scaled_square(slopes_a[e], a[e], atol_a(), e % LD4),
    );
  }
  let norms = add_shares(tile, mine, local);
  if (local == 0u) {
    guess_first(rms_of(vec3<f32>(norms.x, norms.y, 0.0)), rms_of(vec3<f32>(norms.z, norms.w, 0.0)));
  }
  workgroupBarrier();
}

// ... and those after an Euler step, at stage 1.
fn choose_first_step(tile: u32, local: u32) {
  var mine = vec4<f32>();
  for (var e = local; e < ENTRIES; e += GROUP) {
    if (!is_sample(tile, e / LD4)) { continue; }
    mine.x += scaled_square(slopes_z[ENTRIES + e] - slopes_z[e], z[e], settings.atol, e % LD4);
    mine.y += scaled_square(slopes_a[ENTRIES + e] - slopes_a[e], a[e], atol_a(), e % LD4);
  }
  let difference = add_shares(tile, mine, local);
  if (local == 0u && control.done == 0u) { choose_first(rms_of(vec3<f32>(difference.x, difference.y, 0.0))); }
  workgroupBarrier();
}

fn accept_step(h: f32, local: u32) {
  move_on(local);
  beta_kept += beta_bar;
  let weight = h * weight_b(0u);
  for (var i = local; i < params.chunk4; i += GROUP) {
    var share = partial[chunks.step + i];
    if (FSAL == 1u) { share += weight * partial[chunks.first + i]; }
    partial[chunks.sums + i] += share;
  }
  if (FSAL == 0u) { return; }
  beta_kept += weight * beta_first;
  beta_first = beta_last;
  chunks = Chunks(chunks.sums, chunks.step, chunks.last, chunks.first);
  let last = (params.stages - 1u) * ENTRIES;
  for (var e = local; e < ENTRIES; e += GROUP) {
    slopes_z[e] = slopes_z[last + e];
    slopes_a[e] = slopes_a[last + e];
  }
}

fn end_step(tile: u32, h: f32, local: u32) {
  let mine = finish_step(tile, h, local);
  if (ADAPTIVE == 0u) {
    move_on(local);
    return;
  }
  let sums = add_shares(tile, mine, local);
  if (local == 0u) { decide_step(rms_of(vec3<f32>(sums.x, sums.y, 0.0))); }
  workgroupBarrier();
  if (control.accepted_now == 1u) { accept_step(h, local); }
  beta_bar = 0.0;
  storageBarrier();
  workgroupBarrier();
}

// One sweep, and what became complete by it into its chunk. Returns how many sweeps wait for that. `fresh`: nothing has been added
// to the chunk of this step.
fn sweep_on(tile: u32, point: u32, i: u32, t: f32, h: f32, waiting: u32, fresh: bool, local: u32, own: u32) -> u32 {
  let last = point == STEP && i + 1u == params.stages;
  let alone = FSAL == 1u && (point == BEGIN || last);
  let counts = alone || (point == STEP && weight_b(i) != 0.0);
  var share = StageShare(t, 0.0, 0.0, chunks.step, fresh && waiting == 0u);
  if (point == STEP) { share.weight = h * weight_b(i); }
  if (alone) { share = StageShare(t, 0.0, 1.0, select(chunks.last, chunks.first, point == BEGIN), true); }
  let others = beta_bar;
  if (alone) { beta_bar = 0.0; }
  sweep_point(tile, i, waiting, share, local, own);
  if (alone) {
    beta_last = beta_bar;
    if (point == BEGIN) { beta_first = beta_bar; }
    beta_bar = others;
  }
  let complete = waiting + select(0u, 1u, counts);
  if (!alone && !(point == STEP && i + 1u + FSAL == params.stages)) { return complete; }
  flush(complete, share.chunk, alone || fresh, local);
  return 0u;
}

// `begins`: the solve begins. `first`: the sums do.
fn solve(tile: u32, first_point: u32, begins: bool, first: bool, local: u32, own: u32) {
  let by_rule = ADAPTIVE == 1u && begins && settings.first_step == 0.0;
  var before = 0u;
  if (ADAPTIVE == 1u) { before = workgroupUniformLoad(&control.attempts); }
  var point = first_point;
  var i = select(0u, FSAL, point == STEP);
  var n = params.from_step;
  var waiting = 0u;
  loop {
    if (point == STEP && i == FSAL) {
      if (ADAPTIVE == 1u) {
        let done = workgroupUniformLoad(&control.done);
        let tries = workgroupUniformLoad(&control.attempts) - before;
        if (done != 0u || tries >= params.to_step) { break; }
      } else if (n >= params.to_step) {
        break;
      }
    }
    var h = (interval[0] - interval[1]) / f32(params.steps);
    var t = interval[1] + f32(n) * h;
    if (ADAPTIVE == 1u) {
      h = control.h;
      t = control.t;
    }
    if (point == RULE) { t += h; }
    if (point == STEP) { t += weight_c(i) * h; }
    if (FSAL == 1u && point == STEP && i + 1u == params.stages) { t = end_of_step(); }
    place_point(point, i, h, local);
    evaluate_point(tile, i, t, local, own);
    if (point == BEGIN && begins) { store_end_bar(tile, local); }
    if (point != BEGIN || FSAL == 1u || by_rule) {
      waiting = sweep_on(tile, point, i, t, h, waiting, ADAPTIVE == 1u || (first && n == 0u), local, own);
    }
    if (point == STEP) {
      i++;
      if (i == params.stages) {
        end_step(tile, h, local);
        i = FSAL;
        n++;
      }
    } else if (point == BEGIN && by_rule) {
      guess_first_step(tile, local);
      point = RULE;
      i = 1u;
    } else {
      if (point == RULE) { choose_first_step(tile, local); }
      point = STEP;
      i = FSAL;
    }
  }
}

fn solve_tile(tile: u32, first: bool, local: u32, own: u32) {
  workgroupBarrier();
  var begins = params.from_step == 0u;
  var over = false;
  if (ADAPTIVE == 1u) {
    if (local == 0u) { control = reports[tile]; }
    over = workgroupUniformLoad(&control.done) != 0u;
    // A block of zeros is neither done nor running: nothing has been tried.
    begins = !over && workgroupUniformLoad(&control.status) == OK;
    if (begins && local == 0u) { start_control(interval[1], interval[0]); }
    beta_bar = 0.0;
  }
  load_tile(tile, begins, local);
  workgroupBarrier();
  if (!over) {
    solve(tile, select(STEP, BEGIN, begins || FSAL == 1u), begins, first, local, own);
  }
  if (ADAPTIVE == 1u && local == 0u) { reports[tile] = control; }
  store_tile(tile, local);
}

@compute @workgroup_size(GROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  spill_at = params.spill_at + group.x * ROWS;
  let stride = groups.x * params.chunk4;
  let sums = group.x * params.chunk4;
  chunks = Chunks(sums, sums + ADAPTIVE * stride, sums + 2u * stride, sums + 3u * stride);
  for (var tile = group.x; tile < params.tiles; tile += groups.x) {
    let first = tile == group.x && params.from_step == 0u;
    solve_tile(tile, first, local, group.x * RING * params.tile4);
  }
  if (ADAPTIVE == 1u) { beta_bar = beta_kept; }
  end_tiles(sums, local);
  if (ADAPTIVE == 0u && group.x == 0u && local == 0u) {
    let whole = params.to_step == params.steps;
    reports[0].nfe = params.to_step * params.stages + 1u;
    reports[0].attempts = params.to_step;
    reports[0].accepted = params.to_step;
    reports[0].done = select(0u, 1u, whole);
    reports[0].status = select(1u, 0u, whole);
  }
}
