// Weight gradients of all layers in one dispatch, summed over rows = stages x slots x samples:
//   W_bar[o][i] += weight * sum_rows s_o u_bar[row][o] x[row][i]
// GATED = 1: the gain s is shared by the batch and differs by stage, so it goes into the sum; else it is 1. Rows are split
// in fixed chunks that are added later in fixed order (reduce_grad.wgsl): no atomics, same bits every time.
//
// control  the solve's control block          layers   [L]
// acts     vec4, inputs x of every layer      cots     vec4, cotangents u_bar of every layer
// times    vec4 [stage][2][V]: gain s         partial  vec4 [chunk][chunk4]
//
// An invocation owns 8 outputs x 8 inputs of one layer for one chunk, as four mat4x4: per 4 rows 16 loads feed
// 256 multiply-adds as outer products (X * transpose(U)); a stage's rows come by fours, filled up with zeros. Expect the rate
// of a plain product with a short second axis; toy nets have few tiles, so the chunk count is chosen to give some thousand
// invocations. Several stages in one dispatch read and write the chunks once for all of them: where a stage has r rows a
// chunk, the loop loads r bytes a weight, and each dispatch moves 8 for the chunk. So expect them to pay on a GPU where chunks
// are short, a launch of some microseconds a stage everywhere, and nothing else in large products.

// @include "common/control.wgsl"
// @include "common/gradient.wgsl"
// @include "common/grid.wgsl"
// @const GATED: u32 = 0

@group(0) @binding(0) var<uniform> params: GradientParams;
@group(0) @binding(1) var<storage, read> control: Control;
@group(0) @binding(2) var<storage, read> layers: array<Layer>;
@group(0) @binding(3) var<storage, read> acts: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> cots: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> times: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> partial: array<vec4<f32>>;

// Four rows, the first at `at`.
fn load_x(at: u32, stride: u32) -> mat4x4<f32> {
  return mat4x4<f32>(acts[at], acts[at + stride], acts[at + 2u * stride], acts[at + 3u * stride]);
}

fn gained(gain: vec4<f32>, u_bar: vec4<f32>) -> vec4<f32> {
  if (GATED == 0u) { return u_bar; }
  return gain * u_bar;
}

fn load_u(at: u32, stride: u32, gain: vec4<f32>) -> mat4x4<f32> {
  return transpose(mat4x4<f32>(
    gained(gain, cots[at]),
    gained(gain, cots[at + stride]),
    gained(gain, cots[at + 2u * stride]),
    gained(gain, cots[at + 3u * stride]),
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
  let at = params.target_at + chunk * params.chunk4 + layer.w_at + 4u * o4 * layer.in4 + i4;
  add_row(at, weight * sum[0]);
  add_row(at + layer.in4, weight * sum[1]);
  add_row(at + 2u * layer.in4, weight * sum[2]);
  add_row(at + 3u * layer.in4, weight * sum[3]);
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

  let end = min((chunk + 1u) * params.chunk_rows, params.stages * params.stage_rows);
  var a00 = mat4x4<f32>(); var a01 = mat4x4<f32>(); var a10 = mat4x4<f32>(); var a11 = mat4x4<f32>();
  var row = chunk * params.chunk_rows;
  while (row < end) {
    let stage = row / params.stage_rows;
    let stage_end = min(end, (stage + 1u) * params.stage_rows);
    let gain_at = stage * params.times4 + layer.v_at;
    let gain0 = times[gain_at + o4];
    let gain1 = times[gain_at + o4_next];
    for (; row < stage_end; row += 4u) {
      let x_at = layer.x_at + row * layer.in4;
      let u_at = layer.cot_at + row * layer.out4;
      let x0 = load_x(x_at + i4, layer.in4);
      let x1 = load_x(x_at + i4_next, layer.in4);
      let u0 = load_u(u_at + o4, layer.out4, gain0);
      let u1 = load_u(u_at + o4_next, layer.out4, gain1);
      a00 += x0 * u0;
      a01 += x1 * u0;
      a10 += x0 * u1;
      a11 += x1 * u1;
    }
  }
  let weight = stage_weight(params, control.h);
  add_block(layer, chunk, o4, i4, a00, weight);
  add_block(layer, chunk, o4, i4 + 1u, a01, weight);
  add_block(layer, chunk, o4 + 1u, i4, a10, weight);
  add_block(layer, chunk, o4 + 1u, i4 + 1u, a11, weight);
}
