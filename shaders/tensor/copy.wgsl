// Copies a box of up to 4 axes from one layout to another: permutation, slice and concatenation.
//   result[to_start + sum_d i_d to_strides_d] = x[from_start + sum_d i_d from_strides_d],  0 <= i_d < extents_d
//
// x, result  f32 buffers that hold the box; strides and starts in numbers
//
// Invocation j owns element j of the box in row-major order; workgroups of 64 on a folded grid. Neighbours write
// neighbours wherever the last axis of the result is contiguous; in a transpose the reads are strided and left to
// the cache. On a GPU expect the rate of memory, 8 bytes an element, where both layouts are contiguous, and in a
// transpose a fraction of it: each lane then reads a cache line of its own.

// @include "common/grid.wgsl"

struct Params {
  extents: vec4<u32>,
  from_strides: vec4<u32>,
  to_strides: vec4<u32>,
  from_start: u32,
  to_start: u32,
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let index = flat_invocation(group, groups, local, 64u);
  if (index >= params.count) { return; }
  let e = params.extents;
  let rest_3 = index / e.w;
  let rest_2 = rest_3 / e.z;
  let at = vec4<u32>(rest_2 / e.y, rest_2 % e.y, rest_3 % e.z, index % e.w);
  let from_at = at * params.from_strides;
  let to_at = at * params.to_strides;
  result[params.to_start + to_at.x + to_at.y + to_at.z + to_at.w] =
    x[params.from_start + from_at.x + from_at.y + from_at.z + from_at.w];
}
