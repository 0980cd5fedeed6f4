// C = op(A) op(B) for adapters whose subgroups are 4 wide (see common/strip.wgsl); the arguments of matmul.wgsl, with m,
// n and k such that every row of A, B and C is a multiple of 4 long, and k too.
//
// a  [m,k] or [k,m] as vec4      b  [k,n] or [n,k] as vec4      c  [m,n] as vec4
//
// A workgroup is one subgroup and owns 8 x 16 entries of C: an invocation all 8 rows of one vec4 column, as 2 mat4x4. Rows
// of A are loaded once and reach the other lanes by broadcast: per 4 steps along k 6 vec4 loads for 128 multiply-adds.
// Larger blocks load less, but their code does not fit the instruction cache. Of no use on a GPU, which would idle most of
// its lanes. Rows and columns past the edge repeat the last and are not stored.

// @include "common/grid.wgsl"
// @include "common/strip_column.wgsl"
// @const TRANSPOSE_A: u32 = 0
// @const TRANSPOSE_B: u32 = 0

struct Params {
  m: u32,
  n: u32,
  k: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> c: array<vec4<f32>>;

// Rows row ... row + 3 of op(A) at k = 4 s ... 4 s + 3, a row a column; each lane loads one vec4 of them.
fn shared_rows(row: u32, s: u32, lane: u32) -> mat4x4<f32> {
  var at = min(row + lane, params.m - 1u) * (params.k / 4u) + s;
  if (TRANSPOSE_A == 1u) { at = ((4u * s + lane) * params.m + min(row, params.m - 4u)) / 4u; }
  let own = a[at];
  let all = spread(own);
  if (TRANSPOSE_A == 1u) { return transpose(all); }
  return all;
}

// vec4 column of op(B) at k = 4 s ... 4 s + 3.
fn cell_b(column: u32, s: u32) -> mat4x4<f32> {
  if (TRANSPOSE_B == 1u) {
    let k4 = params.k / 4u;
    let at = 4u * column * k4 + s;
    return transpose(mat4x4<f32>(b[at], b[at + k4], b[at + 2u * k4], b[at + 3u * k4]));
  }
  let n4 = params.n / 4u;
  let at = 4u * s * n4 + column;
  return mat4x4<f32>(b[at], b[at + n4], b[at + 2u * n4], b[at + 3u * n4]);
}

fn store_row(row: u32, column: u32, value: vec4<f32>) {
  if (row < params.m && column < params.n / 4u) { c[row * (params.n / 4u) + column] = value; }
}

fn store(row: u32, column: u32, value: mat4x4<f32>) {
  store_row(row, column, value[0]);
  store_row(row + 1u, column, value[1]);
  store_row(row + 2u, column, value[2]);
  store_row(row + 3u, column, value[3]);
}

@compute @workgroup_size(4)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let strips = (params.n + 15u) / 16u;
  // Workgroups past the end (last row of a folded grid) do the last strip again and store nothing.
  let index = flat_invocation(group, groups, 0u, 1u);
  let row = 8u * (index / strips);
  let column = 4u * (index % strips) + lane;
  let own_column = min(column, params.n / 4u - 1u);
  var sums = Column();
  for (var s = 0u; s < params.k / 4u; s++) {
    sums = add_product(sums, cell_b(own_column, s), Column(shared_rows(row, s, lane), shared_rows(row + 4u, s, lane)));
  }
  store(row, column, sums.r0);
  store(row + 4u, column, sums.r1);
}
