// Scaling between data and a flow's own coordinates, column by column:
//   INVERSE = 0: result = x std + mean       INVERSE = 1: result = (x - mean) / std
//
// x, result  f32 [rows][dim], at x_at and result_at       scaling  f32 [2][dim]: mean, standard deviation
//
// One invocation per number; workgroups of 64 on a folded grid. Bound by memory.

// @include "common/grid.wgsl"
// @const INVERSE: u32 = 0

struct Params {
  count: u32,
  dim: u32,
  x_at: u32,
  result_at: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> scaling: array<f32>;
@group(0) @binding(3) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let i = flat_invocation(group, groups, local, 64u);
  if (i >= params.count) { return; }
  let mean = scaling[i % params.dim];
  let spread = scaling[params.dim + i % params.dim];
  let value = x[params.x_at + i];
  result[params.result_at + i] = select(value * spread + mean, (value - mean) / spread, INVERSE == 1u);
}
