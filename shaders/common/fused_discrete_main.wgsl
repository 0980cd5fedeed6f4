// Discrete adjoint of a fused forward solve, a tile of samples a workgroup (discretise, then differentiate):
//   i = s ... 1:  kappa_i = b_i z_bar + sum_{j > i} a_ji Z_bar_j;  a reverse sweep at Z_i seeded with h kappa_i and
//                 -h b_i a_Delta weight e_k gives Z_bar_i and adds to theta_bar;   z_bar += sum_i Z_bar_i
// REGULARISE = 1 adds  h b_i (kinetic |f|^2 + jacobian sum_k |J e_k|^2)  to the loss, by its share of the seeds
// (arXiv:2002.02798; see src/ode/regularise.ts). J e_k is at hand where a stage is evaluated again, so that the second
// needs REDO = 1.
// REDO = 0: the forward solve stored every layer's result on the tape. REDO = 1: a stage is evaluated again at Z_i,
// and its tape is a record of this workgroup's own, written over RING stages later.
//
// packed   vec4, the weights              probes  vec4 [k][sample][LD4]
// steps    vec4 [tile][1 + capacity]      kept    f32, as the forward solve left it
// tape     vec4: that of fused_forward_main.wgsl (REDO = 0), or [workgroup][RING][tile4]
// bars     f32: Z_bar [stage][sample][dim] at stage_bar_at, dL/dz at bar_at (start and result), dL/dDelta at delta_bar_at,
//          and at end_bar_at, per sample, what moves with t1
// partial  vec4 [workgroup][chunk4]: gradients of the parameters; added over workgroups by reduce_grad.wgsl
// reports  [1]: the end of this solve, by tile 0
//
// Workgroups stride over the tiles, so chunks stay few. The weight gradient is a product over the tile's rows, added to
// the chunk in memory: in blocks one read and write for TILE SLOTS multiply-adds, in strips for those of RING stages at
// most. Expect the forward kernel's rate, less where the L2 cannot hold the chunks of the resident workgroups.

// @include "common/control.wgsl"
// @include "common/fused.wgsl"
// @include "common/fused_gradients.wgsl"
// @include "common/fused_bars.wgsl"
// @const REDO: u32 = 0
// @const ADAPTIVE: u32 = 0
// @const REGULARISE: u32 = 0

@group(0) @binding(2) var<storage, read> probes: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> steps: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> kept: array<f32>;
@group(0) @binding(6) var<storage, read_write> bars: array<f32>;
@group(0) @binding(8) var<storage, read_write> reports: array<Control>;

fn load_kept(at: u32, tile: u32, record: u32, e: u32) -> vec4<f32> {
  var value = vec4<f32>();
  let row = at + (record * params.samples + sample_of(tile, e / LD4)) * DIM;
  for (var d = 0u; d < columns_of(e % LD4); d++) {
    let column = 4u * (e % LD4) + d;
    value[d] = kept[row + column];
  }
  return value;
}

// The stage's point and its probes into the rows, to evaluate the field there again.
fn place_kept(tile: u32, record: u32, local: u32, tape_at: u32) {
  for (var e = local; e < ENTRIES; e += GROUP) {
    for (var slot = 0u; slot < SLOTS; slot++) {
      var x: vec4<f32>;
      if (slot == 0u) {
        x = load_kept(0u, tile, record, e);
      } else {
        x = probe_at(tile, slot, e);
      }
      set_input(tape_at, slot, e / LD4, e % LD4, x);
    }
  }
}

fn is_used(i: u32) -> bool {
  return ((params.used >> i) & 1u) == 1u;
}

fn stage_place(i: u32) -> u32 {
  return params.stage_bar_at + i * params.samples * DIM;
}

// Of an invocation's own sample (OWN_ROWS): kappa_i, z_bar, dL/dDelta, and what moves with t1.
var<private> own_kappa: vec4<f32>;
var<private> own_bar: vec4<f32>;
var<private> own_delta_bar: f32;
var<private> own_end_bar: f32;

fn solution_bar(tile: u32, e: u32) -> vec4<f32> {
  if (OWN_ROWS) { return own_bar; }
  return load_bar(params.bar_at, tile, e);
}

fn delta_bar(row: u32) -> f32 {
  if (OWN_ROWS) { return own_delta_bar; }
  return bars[params.delta_bar_at + row];
}

fn kappa(tile: u32, i: u32, e: u32) -> vec4<f32> {
  if (OWN_ROWS) { return own_kappa; }
  return kappa_of(tile, i, e);
}

fn kappa_of(tile: u32, i: u32, e: u32) -> vec4<f32> {
  var sum = weight_b(i) * solution_bar(tile, e);
  for (var j = i + 1u; j < params.stages; j++) {
    if (is_used(j)) { sum += weight_a(j, i) * load_bar(stage_place(j), tile, e); }
  }
  return sum;
}

// The cotangent of f over h.
fn value_bar(tile: u32, i: u32, record: u32, e: u32) -> vec4<f32> {
  var bar = kappa(tile, i, e);
  if (REGULARISE == 1u && is_sample(tile, e / LD4)) {
    bar += 2.0 * weight_b(i) * params.kinetic * load_kept(params.slopes_at, tile, record, e);
  }
  return bar;
}

// J e_k of the stage that was evaluated again.
fn image(tile: u32, slot: u32, e: u32) -> vec4<f32> {
  var value = result(slot, e / LD4, e % LD4);
  if (RESIDUAL == 1u) { value -= probe_at(tile, slot, e); }
  return value;
}

// The stage's share of dL/dt1.
fn add_end_bar(tile: u32, i: u32, record: u32, step: vec4<f32>, local: u32) {
  // One invocation per sample, which walks through its columns: LD4 entries may belong to others.
  for (var sample = local; sample < TILE; sample += GROUP) {
    if (!is_sample(tile, sample)) { continue; }
    let row = tile * TILE + sample;
    var sum = 0.0;
    for (var d4 = 0u; d4 < LD4; d4++) {
      let e = sample * LD4 + d4;
      let slope = load_kept(params.slopes_at, tile, record, e);
      sum += dot(kappa(tile, i, e), slope);
      if (REGULARISE == 1u) { sum += weight_b(i) * params.kinetic * dot(slope, slope); }
      if (REGULARISE == 1u && REDO == 1u) {
        for (var slot = 1u; slot < SLOTS; slot++) {
          let moved = image(tile, slot, e);
          sum += weight_b(i) * params.jacobian * dot(moved, moved);
        }
      }
    }
    if (SLOTS > 1u) {
      let minus_trace = kept[params.traces_at + record * params.samples + row];
      sum += delta_bar(row) * weight_b(i) * minus_trace;
    }
    if (OWN_ROWS) {
      own_end_bar += step.w * sum;
    } else {
      bars[params.end_bar_at + row] += step.w * sum;
    }
  }
}

// Seeds into the rows.
fn place_seeds(tile: u32, i: u32, record: u32, step: vec4<f32>, local: u32) {
  for (var e = local; e < ENTRIES; e += GROUP) {
    let sample = e / LD4;
    let inside = is_sample(tile, sample);
    set_seed(0u, sample, e % LD4, step.y * value_bar(tile, i, record, e));
    var a_delta = 0.0;
    if (SLOTS > 1u && inside) { a_delta = delta_bar(tile * TILE + sample); }
    for (var slot = 1u; slot < SLOTS; slot++) {
      let scale = -step.y * weight_b(i) * a_delta * params.trace_weight;
      var bar = scale * probe_at(tile, slot, e);
      if (REGULARISE == 1u && REDO == 1u && inside) {
        bar += 2.0 * step.y * weight_b(i) * params.jacobian * image(tile, slot, e);
      }
      set_seed(slot, sample, e % LD4, bar);
    }
  }
}

fn take_stage_bar(tile: u32, i: u32, record: u32, h: f32, local: u32) {
  for (var e = local; e < ENTRIES; e += GROUP) {
    var value = input_bar(e / LD4, e % LD4);
    if (RESIDUAL == 1u) { value -= h * value_bar(tile, i, record, e); }
    store_bar(stage_place(i), tile, e, value);
  }
}

fn take_step(tile: u32, local: u32) {
  for (var e = local; e < ENTRIES; e += GROUP) {
    var sum = solution_bar(tile, e);
    for (var i = 0u; i < params.stages; i++) {
      if (is_used(i)) { sum += load_bar(stage_place(i), tile, e); }
    }
    own_bar = sum;
    store_bar(params.bar_at, tile, e, sum);
  }
}

// What an invocation keeps of its own sample, at the beginning of a tile and at its end.
fn take_own(tile: u32, local: u32) {
  if (!OWN_ROWS) { return; }
  own_bar = load_bar(params.bar_at, tile, local);
  own_delta_bar = 0.0;
  own_end_bar = 0.0;
  if (!is_sample(tile, local)) { return; }
  if (SLOTS > 1u) { own_delta_bar = bars[params.delta_bar_at + tile * TILE + local]; }
  own_end_bar = bars[params.end_bar_at + tile * TILE + local];
}

fn store_own(tile: u32, local: u32) {
  if (OWN_ROWS && is_sample(tile, local)) { bars[params.end_bar_at + tile * TILE + local] = own_end_bar; }
}

fn reverse_tile(tile: u32, first: bool, chunk: u32, own: u32, local: u32) {
  var fresh = first;
  var fresh_sums = first;
  var entry = 0u;
  // An adaptive solve took as many steps as it needed; this part of the reverse pass may be past them.
  let list = tile * (params.capacity + 1u);
  let end = min(params.to_step, u32(steps[list].x));
  for (var n = end; n > params.from_step; ) {
    n--;
    let step = steps[list + 1u + n];
    for (var down = 0u; down < params.stages; down++) {
      let i = params.stages - 1u - down;
      if (!is_used(i)) { continue; }
      let record = n * params.stages + i;
      let t = step.x + weight_c(i) * step.y;
      var tape_at = record * params.record4 + tile * params.tile4;
      begin_sweep(entry);
      if (REDO == 1u) {
        tape_at = own_record(own, entry);
        place_kept(tile, record, local, tape_at);
        sync();
        evaluate(t, local, tape_at);
        sync_all();
      }
      if (OWN_ROWS) { own_kappa = kappa_of(tile, i, local); }
      add_end_bar(tile, i, record, step, local);
      // Seeds may stand where results stood, which it read.
      if (REGULARISE == 1u) { sync(); }
      place_seeds(tile, i, record, step, local);
      sync();
      sweep(StageShare(t, step.z + weight_c(i) * step.w, 1.0, chunk, fresh), entry, local, tape_at);
      take_stage_bar(tile, i, record, step.y, local);
      // Bars of entries are read by the invocation that owns the sample.
      sync_all();
      fresh = false;
      entry++;
    }
    // Counted from the last step there is room for: the same steps share a product however the pass is cut.
    let shared_steps = max(1u, RING / countOneBits(params.used));
    if ((params.capacity - n) % shared_steps == 0u || n == params.from_step) {
      flush(entry, chunk, fresh_sums, local);
      fresh_sums = false;
      entry = 0u;
    }
    take_step(tile, local);
    sync_all();
  }
}

@compute @workgroup_size(GROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  spill_at = params.spill_at + group.x * ROWS;
  begin_tiles(local);
  let chunk = group.x * params.chunk4;
  for (var tile = group.x; tile < params.tiles; tile += groups.x) {
    for (var sample = local; sample < TILE; sample += GROUP) {
      if (is_sample(tile, sample) && params.to_step == params.capacity) {
        bars[params.end_bar_at + tile * TILE + sample] = 0.0;
      }
    }
    take_probe(tile, local);
    take_own(tile, local);
    // Chunks of an adaptive solve were cleared: its tiles begin at different steps.
    let first = ADAPTIVE == 0u && tile == group.x && params.to_step == params.capacity;
    reverse_tile(tile, first, chunk, group.x * RING * params.tile4, local);
    store_own(tile, local);
  }
  end_tiles(chunk, local);
  if (group.x == 0u && local == 0u) {
    let whole = params.from_step == 0u;
    let taken = u32(steps[0].x);
    reports[0].nfe = (taken - min(taken, params.from_step)) * countOneBits(params.used);
    reports[0].attempts = taken;
    reports[0].accepted = params.from_step;
    reports[0].done = select(0u, 1u, whole);
    reports[0].status = select(1u, 0u, whole);
  }
}
