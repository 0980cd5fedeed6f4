// The unit of a product in strips, for adapters whose subgroups are 4 wide (see common/strip.wgsl): 8 rows of one vec4
// column, in registers. Rows are loaded once for a subgroup, a vec4 by each lane, and reach the others by broadcast.
// Always handled as a whole: a part of a variable that is set by itself would be kept in memory.

// @enable subgroups
// @include "common/outer.wgsl"

// 8 rows, by fours.
struct Column {
  r0: mat4x4<f32>,
  r1: mat4x4<f32>,
}

fn add_product(c: Column, w: mat4x4<f32>, x: Column) -> Column {
  return Column(c.r0 + w * x.r0, c.r1 + w * x.r1);
}

// What the four lanes have, to each of them: a column is a lane's.
fn spread(own: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(
    subgroupBroadcast(own, 0u), subgroupBroadcast(own, 1u), subgroupBroadcast(own, 2u), subgroupBroadcast(own, 3u),
  );
}

// Column j, group g of sums over two rows: + u_g x^T of each. `u`: both groups of the first row, then of the second.
fn add_outer(c: Column, x: vec4<f32>, next_x: vec4<f32>, u: mat4x4<f32>) -> Column {
  return Column(c.r0 + outer(x, u[0]) + outer(next_x, u[2]), c.r1 + outer(x, u[1]) + outer(next_x, u[3]));
}
