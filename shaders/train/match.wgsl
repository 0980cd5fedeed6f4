// Flow matching (Lipman et al., arXiv:2210.02747) around a layered evaluation of the field, for fields that
// common/fused_match_main.wgsl does not take. A batch goes through in groups of samples that share a time:
//   x_t = (1 - s) x_data + s x_base,   v = (x_base - x_data) / T,   t = s T,   s = (group + u) / groups
//   loss = mean over the batch of |f(t, x_t) - v|^2,   seed of a sample = 2 (f - v) / samples
//
// Drawn as there: the row of a sample by the key's purpose, x_base as element sample dim + d of base_purpose's stream,
// u, uniform on (0, 1), as element `group` of time_purpose's; all at the key's step.
//
// key     u32 [4]: seed low, seed high, purpose, step      data    f32 [count][dim], standardised
// points  vec4 [rows][ld4]: x_t                             aims    vec4 [rows][ld4]: v
// values  vec4 [rows][ld4]: f                               seeds   vec4 [rows][ld4]
// errors  f32 [samples]: |f - v|^2                          interval  f32 [2]: 0, T
// One invocation per sample of the group; bound by memory.

// @include "common/control.wgsl"
// @include "common/grid.wgsl"
// @include "common/random.wgsl"
// @include "common/normal.wgsl"

struct Params {
  samples: u32,
  first: u32,        // sample that the group begins with
  rows: u32,         // samples of a group; the last one may reach beyond the batch
  dim: u32,
  ld4: u32,
  group: u32,
  groups: u32,
  count: u32,
  base_purpose: u32,
  time_purpose: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> key: array<u32, 4>;
@group(0) @binding(2) var<storage, read> data: array<f32>;
@group(0) @binding(3) var<storage, read> normal_table: array<vec4<i32>>;
@group(0) @binding(4) var<storage, read> interval: array<f32>;
@group(0) @binding(5) var<storage, read_write> control: Control;
@group(0) @binding(6) var<storage, read_write> points: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> aims: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read> values: array<vec4<f32>>;
@group(0) @binding(9) var<storage, read_write> seeds: array<vec4<f32>>;
@group(0) @binding(10) var<storage, read_write> errors: array<f32>;

fn word_of(element: u32, purpose: u32) -> u32 {
  return random_words(element / 4u, key[3], purpose, vec2<u32>(key[0], key[1]))[element % 4u];
}

// x_t and v of the group, and its time into the control block.
@compute @workgroup_size(64)
fn draw(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let sample = flat_invocation(group, groups, local, 64u);
  if (sample >= params.rows) { return; }
  let uniform_draw = uniform_from_bits(word_of(params.group, params.time_purpose));
  let s = (f32(params.group) + uniform_draw) / f32(params.groups);
  if (sample == 0u) { control.t = s * interval[1]; }
  let drawn = params.first + sample;
  let row_from = index_from_bits(word_of(drawn, key[2]), params.count) * params.dim;
  for (var d4 = 0u; d4 < params.ld4; d4++) {
    var point = vec4<f32>();
    var aim = vec4<f32>();
    for (var d = 0u; d < 4u; d++) {
      let column = 4u * d4 + d;
      if (column < params.dim) {
        let word = word_of(drawn * params.dim + column, params.base_purpose);
        let base = normal_from_bits(word, normal_table[normal_segment(word)]);
        let start = data[row_from + column];
        point[d] = (1.0 - s) * start + s * base;
        aim[d] = (base - start) / interval[1];
      }
    }
    points[sample * params.ld4 + d4] = point;
    aims[sample * params.ld4 + d4] = aim;
  }
}

// From f to the errors and the seeds; rows beyond the batch seed nothing.
@compute @workgroup_size(64)
fn seed(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let sample = flat_invocation(group, groups, local, 64u);
  if (sample >= params.rows) { return; }
  let inside = params.first + sample < params.samples;
  let scale = 2.0 / f32(params.samples);
  var square = 0.0;
  for (var d4 = 0u; d4 < params.ld4; d4++) {
    let at = sample * params.ld4 + d4;
    let miss = values[at] - aims[at];
    square += dot(miss, miss);
    seeds[at] = select(vec4<f32>(), scale * miss, inside);
  }
  if (inside) { errors[params.first + sample] = square; }
}
