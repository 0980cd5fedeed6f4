// weight_grad.wgsl for adapters whose subgroups are 4 wide (see common/strip.wgsl), where layers are wide:
//   W_bar[o][i] += weight * s_o * sum_rows u_bar[row][o] x[row][i]
// Bindings, params, chunks and results as there; tiles are 16 x 64 here.
//
// A workgroup is one subgroup and owns 16 outputs x 64 inputs of one layer for one chunk: an invocation the vec4
// columns lane, lane + 4, lane + 8 and lane + 12 of them. Each lane loads 4 of the 16 outputs, the others get them by
// broadcast: per 4 rows 20 vec4 loads feed 1,024 multiply-adds.

// @include "common/control.wgsl"
// @include "common/gradient.wgsl"
// @include "common/grid.wgsl"
// @include "common/strip_sums.wgsl"
// @const ACTS4: u32 = 1
// @const COTS4: u32 = 1

@group(0) @binding(0) var<uniform> params: GradientParams;
@group(0) @binding(1) var<storage, read> control: Control;
@group(0) @binding(2) var<storage, read> layers: array<Layer>;
// Of fixed sizes: the length of an array that has none is a division at every access.
@group(0) @binding(3) var<storage, read> acts: array<vec4<f32>, ACTS4>;
@group(0) @binding(4) var<storage, read> cots: array<vec4<f32>, COTS4>;
@group(0) @binding(5) var<storage, read> times: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> partial: array<vec4<f32>>;

// Sixteen outputs of one row, and four columns of inputs.
struct Row {
  u: mat4x4<f32>,
  x: mat4x4<f32>,
}

// Rows past `end` count nothing.
fn load_row(layer: Layer, row: u32, end: u32, o4: u32, i4: vec4<u32>) -> Row {
  let inside = min(row, end - 1u);
  let own = cots[layer.cot_at + inside * layer.out4 + o4];
  let x_at = layer.x_at + inside * layer.in4;
  return Row(
    spread(select(vec4<f32>(), own, row < end)),
    mat4x4<f32>(acts[x_at + i4.x], acts[x_at + i4.y], acts[x_at + i4.z], acts[x_at + i4.w]),
  );
}

fn add_row(s: Sums, row: Row) -> Sums {
  return Sums(
    add_outer(s.c0, row.x[0], row.u),
    add_outer(s.c1, row.x[1], row.u),
    add_outer(s.c2, row.x[2], row.u),
    add_outer(s.c3, row.x[3], row.u),
  );
}

fn add_to(at: u32, value: vec4<f32>) {
  if (params.overwrite != 0u) {
    partial[at] = value;
  } else {
    partial[at] += value;
  }
}

@compute @workgroup_size(4)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  if (control.done != 0u) { return; }
  let tiles = layers[arrayLength(&layers) - 1u].tile_end;
  let index = flat_invocation(group, groups, 0u, 1u);
  let chunk = index / tiles;
  if (chunk >= params.chunks) { return; }
  let tile = index % tiles;
  var l = 0u;
  while (tile >= layers[l].tile_end) { l++; }
  let layer = layers[l];
  let first_tile = select(0u, layers[max(l, 1u) - 1u].tile_end, l > 0u);
  let in_strips = (layer.in4 + 15u) / 16u;
  let o4 = 4u * ((tile - first_tile) / in_strips);
  let i4 = 16u * ((tile - first_tile) % in_strips) + lane;
  let own_o4 = min(o4 + lane, layer.out4 - 1u);
  let columns = min(vec4<u32>(i4, i4 + 4u, i4 + 8u, i4 + 12u), vec4<u32>(layer.in4 - 1u));

  let end = min((chunk + 1u) * params.chunk_rows, params.slots * params.samples);
  var sums = Sums();
  for (var row = chunk * params.chunk_rows; row < end; row += 4u) {
    let one = add_row(sums, load_row(layer, row, end, own_o4, columns));
    let two = add_row(one, load_row(layer, row + 1u, end, own_o4, columns));
    let three = add_row(two, load_row(layer, row + 2u, end, own_o4, columns));
    sums = add_row(three, load_row(layer, row + 3u, end, own_o4, columns));
  }
  let weight = stage_weight(params, control.h);
  for (var m = 0u; m < 16u; m++) {
    let o = o4 + (m & 3u);
    let i = i4 + (m & 12u);
    let sum = sums.c0.r0;
    sums = rotate(sums, sum);
    if (o < layer.out4 && i < layer.in4) {
      let gain = weight * times[layer.v_at + o];
      let at = params.target_at + chunk * params.chunk4 + layer.w_at + 4u * o * layer.in4 + i;
      add_to(at, gain.x * sum[0]);
      add_to(at + layer.in4, gain.y * sum[1]);
      add_to(at + 2u * layer.in4, gain.z * sum[2]);
      add_to(at + 3u * layer.in4, gain.w * sum[3]);
    }
  }
}
