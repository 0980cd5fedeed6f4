// One step of flow matching without its update (Lipman et al., arXiv:2210.02747), on straight paths:
//   x_t = (1 - s) x_data + s x_base,   v = (x_base - x_data) / T,   t = s T
//   loss = mean over the batch of |f(t, x_t) - v|^2,   seed of a sample = 2 (f - v) / samples
// No solve and no trace: a tile of samples is drawn, evaluated once at a time of its own and swept back once.
//
// Times are stratified over the tiles of a step, s = (tile + u) / tiles, u uniform on (0, 1).
// Drawn: the row of a sample by the key's purpose, x_base as element sample dim + d of base_purpose's stream, u as
// element `tile` of time_purpose's; all at the key's step.
//
// packed    vec4, the weights                      data    f32 [rows][dim], standardised
// key       u32 [4]: seed low, seed high, purpose, step      interval  f32 [2]: 0, T
// tape      vec4 [workgroup][RING][tile4], then spilled rows
// partial   vec4 [workgroup][chunk4]: gradients of the parameters; added over workgroups by reduce_grad.wgsl
// errors    f32 [samples]: |f - v|^2
//
// Workgroups stride over the tiles. Cost: three products a layer, about 3 x samples x weights multiply-adds in all;
// the rate is that of fused_discrete_main.wgsl.

// @include "common/random.wgsl"
// @include "common/normal.wgsl"
// @include "common/fused_gradients.wgsl"

struct Draws {
  rows: u32,
  base_purpose: u32,
  time_purpose: u32,
}

@group(0) @binding(2) var<uniform> draws: Draws;
@group(0) @binding(3) var<storage, read> key: array<u32, 4>;
@group(0) @binding(4) var<storage, read> data: array<f32>;
@group(0) @binding(5) var<storage, read> normal_table: array<vec4<i32>>;
@group(0) @binding(6) var<storage, read> interval: array<f32>;
@group(0) @binding(9) var<storage, read_write> errors: array<f32>;

// Velocities v as [sample][LD4].
var<workgroup> aims: array<vec4<f32>, ENTRIES>;

fn word_of(element: u32, purpose: u32) -> u32 {
  return random_words(element / 4u, key[3], purpose, vec2<u32>(key[0], key[1]))[element % 4u];
}

// x_t into the rows and on the tape, v beside them. A sample belongs to one invocation.
fn place_points(tile: u32, s: f32, local: u32, tape_at: u32) {
  for (var sample = local; sample < TILE; sample += GROUP) {
    let drawn = sample_of(tile, sample);
    let row_from = index_from_bits(word_of(drawn, key[2]), draws.rows) * DIM;
    for (var d4 = 0u; d4 < LD4; d4++) {
      var point = vec4<f32>();
      var aim = vec4<f32>();
      for (var d = 0u; d < columns_of(d4); d++) {
        let column = 4u * d4 + d;
        let word = word_of(drawn * DIM + column, draws.base_purpose);
        let base = normal_from_bits(word, normal_table[normal_segment(word)]);
        let start = data[row_from + column];
        point[d] = (1.0 - s) * start + s * base;
        aim[d] = (base - start) / interval[1];
      }
      let entry = sample * LD4 + d4;
      aims[entry] = aim;
      set_input(tape_at, 0u, sample, d4, point);
    }
  }
}

// From f in the rows to the errors and the seeds; samples past the batch seed nothing.
fn place_seeds(tile: u32, local: u32, tape_at: u32) {
  let scale = 2.0 / f32(params.samples);
  for (var sample = local; sample < TILE; sample += GROUP) {
    let inside = is_sample(tile, sample);
    var square = 0.0;
    for (var d4 = 0u; d4 < LD4; d4++) {
      let entry = sample * LD4 + d4;
      var miss = result(0u, sample, d4) - aims[entry];
      if (RESIDUAL == 1u) { miss -= input_value(tape_at, entry); }
      square += dot(miss, miss);
      set_seed(0u, sample, d4, select(vec4<f32>(), scale * miss, inside));
    }
    if (inside) { errors[tile * TILE + sample] = square; }
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
  let own = group.x * RING * params.tile4;
  var entry = 0u;
  var fresh = true;
  for (var tile = group.x; tile < params.tiles; tile += groups.x) {
    let s = (f32(tile) + uniform_from_bits(word_of(tile, draws.time_purpose))) / f32(params.tiles);
    let t = s * interval[1];
    let record = own_record(own, entry);
    begin_sweep(entry);
    place_points(tile, s, local, record);
    sync();
    evaluate(t, local, record);
    sync_all();
    place_seeds(tile, local, record);
    sync();
    sweep(StageShare(t, 0.0, 1.0, chunk, tile == group.x), entry, local, record);
    // The next tile writes over the rows and the tape.
    sync_all();
    entry++;
    if (entry == RING || tile + groups.x >= params.tiles) {
      flush(entry, chunk, fresh, local);
      fresh = false;
      entry = 0u;
    }
  }
  end_tiles(chunk, local);
}
