// weight_grad.wgsl for adapters whose subgroups are 4 wide (see common/strip.wgsl), where layers are wide:
//   W_bar[o][i] += weight * sum_rows s_o u_bar[row][o] x[row][i]
// Bindings, params, chunks and results as there; tiles are 8 x 16 here.
//
// A workgroup is one subgroup and owns 8 outputs x 16 inputs of one layer for one chunk: an invocation one vec4 column of
// them. Lanes 0 and 1 load the 8 outputs of a row, 2 and 3 those of the next, the others get them by broadcast: per 4 rows 6
// vec4 loads feed 128 multiply-adds. On a GPU most lanes would idle: it is never chosen there. Several stages in one dispatch
// read and write the chunks once for all of them, 8 bytes a weight beside the 0.75 a row that the loop loads.

// @include "common/control.wgsl"
// @include "common/gradient.wgsl"
// @include "common/grid.wgsl"
// @include "common/strip_column.wgsl"
// @const GATED: u32 = 0
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

// Adds two rows. `o4`: this lane's own outputs, `gain` theirs.
fn add_rows(sums: Column, layer: Layer, row: u32, o4: u32, i4: u32, gain: vec4<f32>, lane: u32) -> Column {
  var own = cots[layer.cot_at + (row + (lane >> 1u)) * layer.out4 + o4];
  if (GATED == 1u) { own *= gain; }
  let x_at = layer.x_at + row * layer.in4 + i4;
  return add_outer(sums, acts[x_at], acts[x_at + layer.in4], spread(own));
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
  let in_strips = (layer.in4 + 3u) / 4u;
  let o4 = 2u * ((tile - first_tile) / in_strips);
  let i4 = 4u * ((tile - first_tile) % in_strips) + lane;
  let own_o4 = min(o4 + (lane & 1u), layer.out4 - 1u);
  let own_i4 = min(i4, layer.in4 - 1u);

  let end = min((chunk + 1u) * params.chunk_rows, params.stages * params.stage_rows);
  var sums = Column();
  var row = chunk * params.chunk_rows;
  while (row < end) {
    let stage = row / params.stage_rows;
    let stage_end = min(end, (stage + 1u) * params.stage_rows);
    let gain = times[stage * params.times4 + layer.v_at + own_o4];
    for (; row < stage_end; row += 4u) {
      let half = add_rows(sums, layer, row, own_o4, own_i4, gain, lane);
      sums = add_rows(half, layer, row + 2u, own_o4, own_i4, gain, lane);
    }
  }
  let weight = stage_weight(params, control.h);
  for (var o = o4; o < o4 + 2u; o++) {
    let sum = sums.r0;
    sums = Column(sums.r1, sum);
    if (o < layer.out4 && i4 < layer.in4) {
      let at = params.target_at + chunk * params.chunk4 + layer.w_at + 4u * o * layer.in4 + i4;
      add_to(at, weight * sum[0]);
      add_to(at + layer.in4, weight * sum[1]);
      add_to(at + 2u * layer.in4, weight * sum[2]);
      add_to(at + 3u * layer.in4, weight * sum[3]);
    }
  }
}
