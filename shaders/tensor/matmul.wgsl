// C = op(A) op(B), op being the transpose where TRANSPOSE_A or TRANSPOSE_B is 1. All matrices row-major.
//
// a  [m,k] or [k,m] as vec4      b  [k,n] or [n,k] as vec4      c  [m,n] f32
//
// An invocation owns 8 x 8 entries of C as four mat4x4; per 4 steps along k it loads 64 numbers for 256
// multiply-adds, straight from storage: the caches share them between neighbours, which run along n. On a GPU with
// slow caches the tiling of matmul_tile.wgsl should win; on a CPU adapter this one does. ALIGNED = 1 says that both
// row lengths are multiples of 4, so that every load is one vec4. Rows and columns past the edge are computed from
// whatever is read there and not stored; along k the tail is masked on both sides, so that no NaN leaks in. On a
// GPU the model of docs/benchmark.md takes 0.4 of the peak for it once its workgroups fill the lanes; that was not measured.

// @include "common/grid.wgsl"
// @const TRANSPOSE_A: u32 = 0
// @const TRANSPOSE_B: u32 = 0
// @const ALIGNED: u32 = 0
// @const LANES: u32 = 32

struct Params {
  m: u32,
  n: u32,
  k: u32,
  a_last: u32,   // index of the last number of A
  b_last: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;

// Four numbers from index `at` on.
fn quad_a(at: u32) -> vec4<f32> {
  if (ALIGNED == 1u) { return a[min(at, params.a_last) >> 2u]; }
  let i = min(vec4<u32>(at) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.a_last));
  return vec4<f32>(
    a[i.x >> 2u][i.x & 3u], a[i.y >> 2u][i.y & 3u], a[i.z >> 2u][i.z & 3u], a[i.w >> 2u][i.w & 3u],
  );
}

fn quad_b(at: u32) -> vec4<f32> {
  if (ALIGNED == 1u) { return b[min(at, params.b_last) >> 2u]; }
  let i = min(vec4<u32>(at) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.b_last));
  return vec4<f32>(
    b[i.x >> 2u][i.x & 3u], b[i.y >> 2u][i.y & 3u], b[i.z >> 2u][i.z & 3u], b[i.w >> 2u][i.w & 3u],
  );
}

// Rows row .. row + 3 of op(A) at k = s .. s + 3: column r of the result is a row.
fn cell_a(row: u32, s: u32) -> mat4x4<f32> {
  if (TRANSPOSE_A == 1u) {
    return transpose(mat4x4<f32>(
      quad_a(s * params.m + row),
      quad_a((s + 1u) * params.m + row),
      quad_a((s + 2u) * params.m + row),
      quad_a((s + 3u) * params.m + row),
    ));
  }
  let last = params.m - 1u;
  return mat4x4<f32>(
    quad_a(min(row, last) * params.k + s),
    quad_a(min(row + 1u, last) * params.k + s),
    quad_a(min(row + 2u, last) * params.k + s),
    quad_a(min(row + 3u, last) * params.k + s),
  );
}

// Columns col .. col + 3 of op(B) at k = s .. s + 3: column j of the result is k = s + j.
fn cell_b(col: u32, s: u32) -> mat4x4<f32> {
  if (TRANSPOSE_B == 1u) {
    let last = params.n - 1u;
    return transpose(mat4x4<f32>(
      quad_b(min(col, last) * params.k + s),
      quad_b(min(col + 1u, last) * params.k + s),
      quad_b(min(col + 2u, last) * params.k + s),
      quad_b(min(col + 3u, last) * params.k + s),
    ));
  }
  return mat4x4<f32>(
    quad_b(s * params.n + col),
    quad_b((s + 1u) * params.n + col),
    quad_b((s + 2u) * params.n + col),
    quad_b((s + 3u) * params.n + col),
  );
}

// Zero where k is past the end; `inside` has a component per k.
fn mask_a(cell: mat4x4<f32>, inside: vec4<bool>) -> mat4x4<f32> {
  let zero = vec4<f32>();
  return mat4x4<f32>(
    select(zero, cell[0], inside),
    select(zero, cell[1], inside),
    select(zero, cell[2], inside),
    select(zero, cell[3], inside),
  );
}

fn mask_b(cell: mat4x4<f32>, inside: vec4<bool>) -> mat4x4<f32> {
  let zero = vec4<f32>();
  return mat4x4<f32>(
    select(zero, cell[0], inside.x),
    select(zero, cell[1], inside.y),
    select(zero, cell[2], inside.z),
    select(zero, cell[3], inside.w),
  );
}

fn store_row(row: u32, col: u32, value: vec4<f32>) {
  if (row >= params.m || col >= params.n) { return; }
  let at = row * params.n + col;
  let count = min(4u, params.n - col);
  for (var i = 0u; i < count; i++) { c[at + i] = value[i]; }
}

fn store_cell(row: u32, col: u32, value: mat4x4<f32>) {
  for (var r = 0u; r < 4u; r++) { store_row(row + r, col, value[r]); }
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let columns = (params.n + 7u) / 8u;
  let index = flat_invocation(group, groups, local, LANES);
  if (index / columns >= (params.m + 7u) / 8u) { return; }
  let row = 8u * (index / columns);
  let col = 8u * (index % columns);
  var c00 = mat4x4<f32>(); var c01 = mat4x4<f32>(); var c10 = mat4x4<f32>(); var c11 = mat4x4<f32>();
  for (var s = 0u; s < params.k; s += 4u) {
    var a0 = cell_a(row, s);
    var a1 = cell_a(row + 4u, s);
    var b0 = cell_b(col, s);
    var b1 = cell_b(col + 4u, s);
    if (s + 4u > params.k) {
      let inside = vec4<u32>(s) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(params.k);
      a0 = mask_a(a0, inside);
      a1 = mask_a(a1, inside);
      b0 = mask_b(b0, inside);
      b1 = mask_b(b1, inside);
    }
    // Column r of b * a is the sum over k of a[r][k] times row k of B: row r of C.
    c00 += b0 * a0;
    c01 += b1 * a0;
    c10 += b0 * a1;
    c11 += b1 * a1;
  }
  store_cell(row, col, c00);
  store_cell(row, col + 4u, c01);
  store_cell(row + 4u, col, c10);
  store_cell(row + 4u, col + 4u, c11);
}
