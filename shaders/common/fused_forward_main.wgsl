// A whole Runge-Kutta solve of an MLP field with its trace in one dispatch (FFJORD, arXiv:1810.01367):
//   dz/dt = f(t, z),   dDelta/dt = -weight sum_k e_k . (J e_k)
// Each workgroup owns a tile of samples, keeps their state in workgroup memory and loops over steps, stages and
// layers itself; no two tiles ever speak to each other.
//
// packed    vec4, the weights               interval  f32 [2]: t0, t1
// state, probes, kept   see fused_solve.wgsl
// steps     vec4 [tile][1 + capacity]: the number of steps, then t, h, tau, fraction of each (KEEP = 1)
// tape      vec4 [step][stage][tile][tile4] (TAPE = 1)
// reports   [1]: the end of the solve, by tile 0
//
// Cost: one launch; the weights are read once a tile and stage (from L2: all tiles read the same), all else stays
// on chip. A tile of 16 samples, 8 with the exact trace of two dimensions, has 8 to 32 invocations for layers of 16 to 64, of
// about 100 registers, and 4 to 10 KiB. Workgroups below the width of a subgroup leave lanes idle; docs/benchmark.md counts
// that, and takes 0.4 of the peak for the lanes that compute, from some hundred tiles on. No GPU was measured.

// @include "common/control.wgsl"
// @include "common/fused_solve.wgsl"

@group(0) @binding(2) var<storage, read> interval: array<f32>;
@group(0) @binding(3) var<storage, read_write> state: array<f32>;
@group(0) @binding(4) var<storage, read> probes: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> steps: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> kept: array<f32>;
@group(0) @binding(8) var<storage, read_write> reports: array<Control>;

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
    set_z(e, z_at(e) + h * sum);
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
      steps[tile * (params.capacity + 1u) + 1u + n] = vec4<f32>(t, h, f32(n) * fraction, fraction);
    }
    take_stages(tile, n, t, h, local);
    advance(h, local);
  }
  if (KEEP == 1u && local == 0u) {
    steps[tile * (params.capacity + 1u)] = vec4<f32>(f32(params.to_step), 0.0, 0.0, 0.0);
  }
}

// The end of the solve, or where it stands.
fn report(local: u32) {
  if (local != 0u) { return; }
  let whole = params.to_step == params.steps;
  reports[0].t0 = interval[0];
  reports[0].t1 = interval[1];
  reports[0].t = select(interval[0], interval[1], whole);
  reports[0].h = (interval[1] - interval[0]) / f32(params.steps);
  reports[0].accepted = params.to_step;
  reports[0].attempts = params.to_step;
  reports[0].rejected = 0u;
  reports[0].nfe = params.to_step * params.stages;
  reports[0].done = select(0u, 1u, whole);
  reports[0].status = select(1u, 0u, whole);
}

@compute @workgroup_size(GROUP)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  spill_at = params.spill_at + group.x * ROWS;
  begin_tiles(local);
  for (var tile = group.x; tile < params.tiles; tile += groups.x) {
    load_state(tile, params.from_step == 0u, local);
    solve_fixed(tile, local);
    store_state(tile, local);
    if (LOSS == 1u && params.to_step == params.steps) { store_loss(tile, local); }
    if (tile == 0u) { report(local); }
  }
}
