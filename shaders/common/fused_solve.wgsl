// A tile's share of a forward solve: its state in workgroup memory, a stage's way into the rows and out of them, and
// what is kept for the reverse pass and for training.
//
// A kernel that includes this declares
//   state     f32: z [samples][dim], then Delta [samples] at delta_at; start and result
//             LOSS = 1: also nll [samples] at nll_at and its cotangents, dL/dz at bar_at and dL/dDelta at
//             delta_bar_at (math as in nll.wgsl)
//   probes    vec4 [k][sample][LD4]
//   kept      f32: points Z_i [step][stage][sample][dim] (KEEP = 1, TAPE = 0), slopes k_i likewise at slopes_at and
//             -tr [step][stage][sample] at traces_at (KEEP = 1)

// @include "common/fused.wgsl"
// @include "common/fused_probes.wgsl"
// @const SLOPES: u32 = 8
// @const TRACES: u32 = 8
// @const KEEP: u32 = 0
// @const LOSS: u32 = 0

// z, the stage's point and the slopes k_i, as [sample][LD4]; Delta and -tr_i. An entry belongs to one invocation.
var<workgroup> z: array<vec4<f32>, ENTRIES>;
var<workgroup> point: array<vec4<f32>, ENTRIES>;
var<workgroup> slopes: array<vec4<f32>, SLOPES>;
var<workgroup> delta: array<f32, TILE>;
var<workgroup> traces: array<f32, TRACES>;

// The same of an invocation's own sample (OWN_ROWS): memory of the workgroup costs a load of its own for each of its lanes
// where a GPU is emulated.
var<private> own_z: vec4<f32>;
var<private> own_point: vec4<f32>;
var<private> own_slope: vec4<f32>;
var<private> own_trace: f32;

fn z_at(e: u32) -> vec4<f32> {
  if (OWN_ROWS) { return own_z; }
  return z[e];
}

fn set_z(e: u32, value: vec4<f32>) {
  if (OWN_ROWS) { own_z = value; } else { z[e] = value; }
}

fn point_at(e: u32) -> vec4<f32> {
  if (OWN_ROWS) { return own_point; }
  return point[e];
}

fn set_point(e: u32, value: vec4<f32>) {
  if (OWN_ROWS) { own_point = value; } else { point[e] = value; }
}

// `fresh`: the solve begins here, Delta at 0.
fn load_state(tile: u32, fresh: bool, local: u32) {
  take_probe(tile, local);
  for (var e = local; e < ENTRIES; e += GROUP) {
    let at = sample_of(tile, e / LD4) * DIM;
    var value = vec4<f32>();
    for (var d = 0u; d < columns_of(e % LD4); d++) {
      let column = 4u * (e % LD4) + d;
      value[d] = state[at + column];
    }
    set_z(e, value);
  }
  for (var sample = local; sample < TILE; sample += GROUP) {
    delta[sample] = 0.0;
    if (SLOTS > 1u && !fresh) { delta[sample] = state[params.delta_at + sample_of(tile, sample)]; }
  }
}

fn store_state(tile: u32, local: u32) {
  for (var e = local; e < ENTRIES; e += GROUP) {
    if (!is_sample(tile, e / LD4)) { continue; }
    let at = (tile * TILE + e / LD4) * DIM;
    let value = z_at(e);
    for (var d = 0u; d < columns_of(e % LD4); d++) {
      let column = 4u * (e % LD4) + d;
      state[at + column] = value[d];
    }
  }
  if (SLOTS == 1u) { return; }
  for (var sample = local; sample < TILE; sample += GROUP) {
    if (is_sample(tile, sample)) { state[params.delta_at + tile * TILE + sample] = delta[sample]; }
  }
}

// The loss of training, L = mean nll: what the reverse solve starts from.
fn store_loss(tile: u32, local: u32) {
  if (LD4 > 1u) { workgroupBarrier(); }
  let share = 1.0 / f32(params.samples);
  for (var e = local; e < ENTRIES; e += GROUP) {
    if (!is_sample(tile, e / LD4)) { continue; }
    let at = params.bar_at + (tile * TILE + e / LD4) * DIM;
    let value = share * z_at(e);
    for (var d = 0u; d < columns_of(e % LD4); d++) {
      let column = 4u * (e % LD4) + d;
      state[at + column] = value[d];
    }
  }
  for (var sample = local; sample < TILE; sample += GROUP) {
    if (!is_sample(tile, sample)) { continue; }
    let row = tile * TILE + sample;
    var square = 0.0;
    for (var d4 = 0u; d4 < LD4; d4++) {
      let here = z_at(sample * LD4 + d4);
      square += dot(here, here);
    }
    state[params.nll_at + row] = 0.5 * square + 0.918938533 * f32(DIM) + delta[sample];
    state[params.delta_bar_at + row] = share;
  }
}

// Points and probes into the rows.
fn place_rows(tile: u32, local: u32, tape_at: u32) {
  for (var e = local; e < ENTRIES; e += GROUP) {
    let sample = e / LD4;
    let d4 = e % LD4;
    for (var slot = 0u; slot < SLOTS; slot++) {
      var x = point_at(e);
      if (slot > 0u) { x = probe_at(tile, slot, e); }
      set_input(tape_at, slot, sample, d4, x);
    }
  }
}

// Z_i = z + h sum_{j < i} a_ij k_j, into the rows.
fn place_point(tile: u32, i: u32, h: f32, local: u32, tape_at: u32) {
  for (var e = local; e < ENTRIES; e += GROUP) {
    var sum = vec4<f32>();
    for (var j = 0u; j < i; j++) { sum += weight_a(i, j) * slopes[j * ENTRIES + e]; }
    set_point(e, z_at(e) + h * sum);
  }
  place_rows(tile, local, tape_at);
}

// k_i and -tr_i out of the rows.
fn take_slopes(tile: u32, i: u32, local: u32) {
  for (var e = local; e < ENTRIES; e += GROUP) {
    let sample = e / LD4;
    var value = result(0u, sample, e % LD4);
    if (RESIDUAL == 1u) { value -= point_at(e); }
    own_slope = value;
    slopes[i * ENTRIES + e] = value;
  }
  if (SLOTS == 1u) { return; }
  for (var sample = local; sample < TILE; sample += GROUP) {
    var trace = 0.0;
    for (var slot = 1u; slot < SLOTS; slot++) {
      for (var d4 = 0u; d4 < LD4; d4++) {
        let probe = probe_at(tile, slot, sample * LD4 + d4);
        var image = result(slot, sample, d4);
        if (RESIDUAL == 1u) { image -= probe; }
        trace += dot(probe, image);
      }
    }
    own_trace = -params.trace_weight * trace;
    traces[i * TILE + sample] = own_trace;
  }
}

// What the discrete adjoint wants of a stage.
fn keep_stage(tile: u32, record: u32, i: u32, local: u32) {
  for (var e = local; e < ENTRIES; e += GROUP) {
    if (!is_sample(tile, e / LD4)) { continue; }
    let at = (record * params.samples + tile * TILE + e / LD4) * DIM;
    let here = point_at(e);
    var slope = own_slope;
    if (!OWN_ROWS) { slope = slopes[i * ENTRIES + e]; }
    for (var d = 0u; d < columns_of(e % LD4); d++) {
      let column = 4u * (e % LD4) + d;
      if (TAPE == 0u) { kept[at + column] = here[d]; }
      kept[params.slopes_at + at + column] = slope[d];
    }
  }
  if (SLOTS == 1u) { return; }
  for (var sample = local; sample < TILE; sample += GROUP) {
    if (is_sample(tile, sample)) {
      var trace = own_trace;
      if (!OWN_ROWS) { trace = traces[i * TILE + sample]; }
      kept[params.traces_at + record * params.samples + tile * TILE + sample] = trace;
    }
  }
}
