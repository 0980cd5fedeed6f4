// result = OP(x), elementwise.
//
// x, result  [count] f32, as vec4 over buffers padded to 16 bytes
//
// Invocation j owns elements 4j .. 4j + 3; workgroups of 64 on a folded grid. Bound by memory, except for the
// functions of common/math.wgsl on slow adapters. NaN comes out where NaN goes in.

// @include "common/grid.wgsl"
// @include "common/math.wgsl"

// 0 negate, 1 absolute value, 2 e^x, 3 ln x, 4 ln(1 + x), 5 square root, 6 square: the order of UNARY in
// src/tensor/elementwise.ts.
// @const OP: u32 = 0

struct Params {
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> result: array<vec4<f32>>;

fn apply(value: vec4<f32>) -> vec4<f32> {
  if (OP == 0u) { return -value; }
  if (OP == 1u) { return abs(value); }
  if (OP == 2u) { return exp_wide4(value); }
  if (OP == 3u) { return log4(value); }
  if (OP == 4u) { return log1p4(value); }
  if (OP == 5u) { return sqrt(value); }
  return value * value;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let quad = flat_invocation(group, groups, local, 64u);
  if (quad >= (params.count + 3u) / 4u) { return; }
  result[quad] = apply(x[quad]);
}
