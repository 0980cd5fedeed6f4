// Weight gradients of all layers in one dispatch, summed over rows = slots x samples:
//   W_bar[o][i] += weight * s_o * sum_rows u_bar[row][o] x[row][i]
// (the gain s is shared by the batch, so it comes out of the sum). Rows are split in fixed chunks that are added
// later in fixed order (reduce_grad.wgsl): no atomics, same bits every time.
//
// control  the solve's control block          layers   [L]
// acts     vec4, inputs x of every layer      cots     vec4, cotangents u_bar of every layer
// times    vec4 [2][V]: gain s                partial  vec4 [chunk][chunk4]
//
// An invocation owns 8 outputs x 8 inputs of one layer for one chunk, as four mat4x4: per 4 rows 16 loads feed
// 256 multiply-adds as outer products (X * transpose(U)). Expect the rate of a plain product with a short second
// axis; toy nets have few tiles, so the chunk count is chosen to give some thousand invocations.

// @include "common/control.wgsl"
// @include "common/gradient.wgsl"
// @include "common/grid.wgsl"

@group(0) @binding(0) var<uniform> params: GradientParams;
@group(0) @binding(1) var<storage, read> control: Control;
@group(0) @binding(2) var<storage, read> layers: array<Layer>;
@group(0) @binding(3) var<storage, read> acts: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> cots: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> times: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> partial: array<vec4<f32>>;

// Four rows from row `row` on; rows past `end` are zero.
fn load_x(at: u32, stride: u32, row: u32, end: u32) -> mat4x4<f32> {
  let last = end - 1u;
  return mat4x4<f32>(
    acts[at + min(row, last) * stride],
    acts[at + min(row + 1u, last) * stride],
    acts[at + min(row + 2u, last) * stride],
    acts[at + min(row + 3u, last) * stride],
  );
}

fn load_u(at: u32, stride: u32, row: u32, end: u32) -> mat4x4<f32> {
  let zero = vec4<f32>();
  let last = end - 1u;
  return transpose(mat4x4<f32>(
    select(zero, cots[at + min(row, last) * stride], row < end),
    select(zero, cots[at + min(row + 1u, last) * stride], row + 1u < end),
    select(zero, cots[at + min(row + 2u, last) * stride], row + 2u < end),
    select(zero, cots[at + min(row + 3u, last) * stride], row + 3u < end),
  ));
}

fn add_row(at: u32, value: vec4<f32>) {
  if (params.overwrite != 0u) {
    partial[at] = value;
  } else {
    partial[at] += value;
  }
}

fn add_block(layer: Layer, chunk: u32, o4: u32, i4: u32, sum: mat4x4<f32>, weight: f32) {
  if (o4 >= layer.out4 || i4 >= layer.in4) { return; }
  let gain = weight * times[layer.v_at + o4];
  let at = params.target_at + chunk * params.chunk4 + layer.w_at + 4u * o4 * layer.in4 + i4;
  add_row(at, gain.x * sum[0]);
  add_row(at + layer.in4, gain.y * sum[1]);
  add_row(at + 2u * layer.in4, gain.z * sum[2]);
  add_row(at + 3u * layer.in4, gain.w * sum[3]);
}

@compute @workgroup_size(32)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  if (control.done != 0u) { return; }
  let tiles = layers[arrayLength(&layers) - 1u].tile_end;
  let index = flat_invocation(group, groups, local, 32u);
  let chunk = index / tiles;
  if (chunk >= params.chunks) { return; }
  let tile = index % tiles;
  var l = 0u;
  while (tile >= layers[l].tile_end) { l++; }
  let layer = layers[l];
  let first_tile = select(0u, layers[max(l, 1u) - 1u].tile_end, l > 0u);
  let in_blocks = (layer.in4 + 1u) / 2u;
  let o4 = 2u * ((tile - first_tile) / in_blocks);
  let i4 = 2u * ((tile - first_tile) % in_blocks);
  let o4_next = min(o4 + 1u, layer.out4 - 1u);
  let i4_next = min(i4 + 1u, layer.in4 - 1u);

  let rows = params.slots * params.samples;
  let end = min((chunk + 1u) * params.chunk_rows, rows);
  var a00 = mat4x4<f32>(); var a01 = mat4x4<f32>(); var a10 = mat4x4<f32>(); var a11 = mat4x4<f32>();
  for (var row = chunk * params.chunk_rows; row < end; row += 4u) {
    let x0 = load_x(layer.x_at + i4, layer.in4, row, end);
    let x1 = load_x(layer.x_at + i4_next, layer.in4, row, end);
    let u0 = load_u(layer.cot_at + o4, layer.out4, row, end);
    let u1 = load_u(layer.cot_at + o4_next, layer.out4, row, end);
    a00 += x0 * u0;
    a01 += x1 * u0;
    a10 += x0 * u1;
    a11 += x1 * u1;
  }
  let weight = stage_weight(params, control.h);
  add_block(layer, chunk, o4, i4, a00, weight);
  add_block(layer, chunk, o4, i4 + 1u, a01, weight);
  add_block(layer, chunk, o4 + 1u, i4, a10, weight);
  add_block(layer, chunk, o4 + 1u, i4 + 1u, a11, weight);
}
