// A whole Runge-Kutta solve of an MLP field with its trace in one dispatch (FFJORD, arXiv:1810.01367):
//   dz/dt = f(t, z),   dDelta/dt = -weight sum_k e_k . (J e_k)
// Each workgroup owns a tile of samples, keeps their state in workgroup memory and loops over steps, stages and
// layers itself; no two tiles ever speak to each other.
//
// packed    vec4, the weights               interval  f32 [2]: t0, t1
// state     f32: z [samples][dim], then Delta [samples] at delta_at; start and result
//           LOSS = 1: also nll [samples] at nll_at and its cotangents, dL/dz at bar_at and dL/dDelta at
//           delta_bar_at (math as in nll.wgsl)
// probes    vec4 [k][sample][LD4]
// steps     vec4 [tile][capacity]: t, h, tau, fraction of every step taken (KEEP = 1)
// kept      f32: points Z_i [step][stage][sample][dim] (KEEP = 1, TAPE = 0), slopes k_i likewise at slopes_at and
//           -tr [step][stage][sample] at traces_at (KEEP = 1)
// tape      vec4 [step][stage][tile][tile4] (TAPE = 1)
// control   [1]: the end of the solve, by tile 0
//
// Cost: one launch; the weights are read once a tile and stage (from L2: all tiles read the same), all else stays
// on chip. 32 invocations of about 100 registers and 8 to 14 KiB a tile: on a GPU of 64 KiB a core 4 to 7 tiles
// are resident and hide each other's barriers; expect 30 to 50 % of the peak from some hundred tiles on.

// @include "common/control.wgsl"
// @include "common/fused_forward.wgsl"
// @const GROUP: u32 = 1
// @const SLOPES: u32 = 8
// @const TRACES: u32 = 8
// @const KEEP: u32 = 0
// @const LOSS: u32 = 0

@group(0) @binding(2) var<storage, read> interval: array<f32>;
@group(0) @binding(3) var<storage, read_write> state: array<f32>;
@group(0) @binding(4) var<storage, read> probes: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> steps: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> kept: array<f32>;
@group(0) @binding(7) var<storage, read_write> tape: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read_write> control: array<Control>;

// z, the stage's point and the slopes k_i, as [sample][LD4]; Delta and -tr_i. An entry belongs to one invocation.
var<workgroup> z: array<vec4<f32>, ENTRIES>;
var<workgroup> point: array<vec4<f32>, ENTRIES>;
var<workgroup> slopes: array<vec4<f32>, SLOPES>;
var<workgroup> delta: array<f32, TILE>;
var<workgroup> traces: array<f32, TRACES>;

fn load_state(tile: u32, local: u32) {
  for (var e = local; e < ENTRIES; e += GROUP) {
    let at = sample_of(tile, e / LD4) * params.dim;
    var value = vec4<f32>();
    for (var d = 0u; d < 4u; d++) {
      let column = 4u * (e % LD4) + d;
      if (column < params.dim) { value[d] = state[at + column]; }
    }
    z[e] = value;
  }
  for (var sample = local; sample < TILE; sample += GROUP) {
    delta[sample] = 0.0;
    if (SLOTS > 1u && params.from_step > 0u) { delta[sample] = state[params.delta_at + sample_of(tile, sample)]; }
  }
}

fn store_state(tile: u32, local: u32) {
  for (var e = local; e < ENTRIES; e += GROUP) {
    if (!is_sample(tile, e / LD4)) { continue; }
    let at = (tile * TILE + e / LD4) * params.dim;
    let value = z[e];
    for (var d = 0u; d < 4u; d++) {
      let column = 4u * (e % LD4) + d;
      if (column < params.dim) { state[at + column] = value[d]; }
    }
  }
  if (SLOTS == 1u) { return; }
  for (var sample = local; sample < TILE; sample += GROUP) {
    if (is_sample(tile, sample)) { state[params.delta_at + tile * TILE + sample] = delta[sample]; }
  }
}

// The loss of training, L = mean nll: what the reverse solve starts from.
fn store_loss(tile: u32, local: u32) {
  workgroupBarrier();
  let share = 1.0 / f32(params.samples);
  for (var e = local; e < ENTRIES; e += GROUP) {
    if (!is_sample(tile, e / LD4)) { continue; }
    let at = params.bar_at + (tile * TILE + e / LD4) * params.dim;
    let value = share * z[e];
    for (var d = 0u; d < 4u; d++) {
      let column = 4u * (e % LD4) + d;
      if (column < params.dim) { state[at + column] = value[d]; }
    }
  }
  for (var sample = local; sample < TILE; sample += GROUP) {
    if (!is_sample(tile, sample)) { continue; }
    let row = tile * TILE + sample;
    var square = 0.0;
    for (var d4 = 0u; d4 < LD4; d4++) { square += dot(z[sample * LD4 + d4], z[sample * LD4 + d4]); }
    state[params.nll_at + row] = 0.5 * square + 0.918938533 * f32(params.dim) + delta[sample];
    state[params.delta_bar_at + row] = share;
  }
}

// Z_i = z + h sum_{j < i} a_ij k_j into the rows, beside the probes.
fn place_point(tile: u32, i: u32, h: f32, local: u32, tape_at: u32) {
  for (var e = local; e < ENTRIES; e += GROUP) {
    var sum = vec4<f32>();
    for (var j = 0u; j < i; j++) { sum += weight_a(i, j) * slopes[j * ENTRIES + e]; }
    let value = z[e] + h * sum;
    point[e] = value;
    let sample = e / LD4;
    let d4 = e % LD4;
    for (var slot = 0u; slot < SLOTS; slot++) {
      var x = value;
      if (slot > 0u) { x = probes[((slot - 1u) * params.samples + sample_of(tile, sample)) * LD4 + d4]; }
      set_row(row_at(slot, sample) + d4, x);
      if (TAPE == 1u) { tape[tape_at + (slot * TILE + sample) * LD4 + d4] = x; }
    }
  }
}

// k_i and -tr_i out of the rows.
fn take_slopes(tile: u32, i: u32, local: u32) {
  for (var e = local; e < ENTRIES; e += GROUP) {
    let sample = e / LD4;
    var value = row(row_at(0u, sample) + e % LD4);
    if (RESIDUAL == 1u) { value -= point[e]; }
    slopes[i * ENTRIES + e] = value;
  }
  if (SLOTS == 1u) { return; }
  for (var sample = local; sample < TILE; sample += GROUP) {
    var trace = 0.0;
    for (var slot = 1u; slot < SLOTS; slot++) {
      for (var d4 = 0u; d4 < LD4; d4++) {
        let probe = probes[((slot - 1u) * params.samples + sample_of(tile, sample)) * LD4 + d4];
        var image = row(row_at(slot, sample) + d4);
        if (RESIDUAL == 1u) { image -= probe; }
        trace += dot(probe, image);
      }
    }
    traces[i * TILE + sample] = -params.trace_weight * trace;
  }
}

// What the discrete adjoint wants of a stage.
fn keep_stage(tile: u32, record: u32, i: u32, local: u32) {
  for (var e = local; e < ENTRIES; e += GROUP) {
    if (!is_sample(tile, e / LD4)) { continue; }
    let at = (record * params.samples + tile * TILE + e / LD4) * params.dim;
    let here = point[e];
    let slope = slopes[i * ENTRIES + e];
    for (var d = 0u; d < 4u; d++) {
      let column = 4u * (e % LD4) + d;
      if (column < params.dim) {
        if (TAPE == 0u) { kept[at + column] = here[d]; }
        kept[params.slopes_at + at + column] = slope[d];
      }
    }
  }
  if (SLOTS == 1u) { return; }
  for (var sample = local; sample < TILE; sample += GROUP) {
    if (is_sample(tile, sample)) {
      kept[params.traces_at + record * params.samples + tile * TILE + sample] = traces[i * TILE + sample];
    }
  }
}

// All stages of the step n at (t, h).
fn take_stages(tile: u32, n: u32, t: f32, h: f32, local: u32) {
  for (var i = 0u; i < params.stages; i++) {
    let record = n * params.stages + i;
    let tape_at = record * params.record4 + tile * params.tile4;
    place_point(tile, i, h, local, tape_at);
    sync();
    evaluate(t + weight_c(i) * h, local, tape_at);
    take_slopes(tile, i, local);
    if (KEEP == 1u) { keep_stage(tile, record, i, local); }
    sync();
  }
}

fn advance(h: f32, local: u32) {
  for (var e = local; e < ENTRIES; e += GROUP) {
    var sum = vec4<f32>();
    for (var j = 0u; j < params.stages; j++) { sum += weight_b(j) * slopes[j * ENTRIES + e]; }
    z[e] += h * sum;
  }
  if (SLOTS == 1u) { return; }
  for (var sample = local; sample < TILE; sample += GROUP) {
    var sum = 0.0;
    for (var j = 0u; j < params.stages; j++) { sum += weight_b(j) * traces[j * TILE + sample]; }
    delta[sample] += h * sum;
  }
}

fn solve_fixed(tile: u32, local: u32) {
  let h = (interval[1] - interval[0]) / f32(params.steps);
  let fraction = 1.0 / f32(params.steps);
  for (var n = params.from_step; n < params.to_step; n++) {
    let t = interval[0] + f32(n) * h;
    if (KEEP == 1u && local == 0u) {
      steps[tile * params.capacity + n] = vec4<f32>(t, h, f32(n) * fraction, fraction);
    }
    take_stages(tile, n, t, h, local);
    advance(h, local);
  }
}

// The end of the solve, or where it stands.
fn report(local: u32) {
  if (local != 0u) { return; }
  let whole = params.to_step == params.steps;
  control[0].t0 = interval[0];
  control[0].t1 = interval[1];
  control[0].t = select(interval[0], interval[1], whole);
  control[0].h = (interval[1] - interval[0]) / f32(params.steps);
  control[0].accepted = params.to_step;
  control[0].attempts = params.to_step;
  control[0].rejected = 0u;
  control[0].nfe = params.to_step * params.stages;
  control[0].done = select(0u, 1u, whole);
  control[0].status = select(1u, 0u, whole);
}

@compute @workgroup_size(GROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  spill_at = params.spill_at + group.x * ROWS;
  for (var tile = group.x; tile < params.tiles; tile += groups.x) {
    load_state(tile, local);
    solve_fixed(tile, local);
    store_state(tile, local);
    if (LOSS == 1u && params.to_step == params.steps) { store_loss(tile, local); }
    if (tile == 0u) { report(local); }
  }
}
