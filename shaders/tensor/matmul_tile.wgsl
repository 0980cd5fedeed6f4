// C = op(A) op(B) with tiles in workgroup memory; the same product and arguments as matmul.wgsl.
//
// a  [m,k] or [k,m]      b  [k,n] or [n,k]      c  [m,n], all f32 and row-major
//
// A workgroup of SIDE x SIDE invocations owns 8 SIDE x 8 SIDE entries of C (64 x 64), an invocation 8 x 8 of them
// as four mat4x4. Per DEPTH steps along k the workgroup loads a slab of A and of B once, 8 KiB of the 16 KiB that
// every device has, zero outside the matrices; then each number is read from workgroup memory by SIDE invocations.
// Storage traffic falls by 8 against matmul.wgsl, at two barriers per slab. SIDE and DEPTH are constants so that
// the race check can run a small tile. On a GPU expect it to pay where the caches are slow and there are some hundred
// tiles; its rate was not measured on one.

// @include "common/grid.wgsl"
// @const TRANSPOSE_A: u32 = 0
// @const TRANSPOSE_B: u32 = 0
// @const SIDE: u32 = 8
// @const DEPTH: u32 = 16

struct Params {
  m: u32,
  n: u32,
  k: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;

// [DEPTH][2 SIDE]: at each k four neighbouring rows of op(A), or columns of op(B).
var<workgroup> slab_a: array<vec4<f32>, 2 * SIDE * DEPTH>;
var<workgroup> slab_b: array<vec4<f32>, 2 * SIDE * DEPTH>;

// Rows row .. row + 3 of op(A) at k = s, 0 outside.
fn quad_a(row: u32, s: u32) -> vec4<f32> {
  if (s >= params.k) { return vec4<f32>(); }
  let rows = vec4<u32>(row) + vec4<u32>(0u, 1u, 2u, 3u);
  let inside = min(rows, vec4<u32>(params.m - 1u));
  var at = inside * params.k + s;
  if (TRANSPOSE_A == 1u) { at = inside + s * params.m; }
  return select(vec4<f32>(), vec4<f32>(a[at.x], a[at.y], a[at.z], a[at.w]), rows == inside);
}

// Columns col .. col + 3 of op(B) at k = s, 0 outside.
fn quad_b(s: u32, col: u32) -> vec4<f32> {
  if (s >= params.k) { return vec4<f32>(); }
  let columns = vec4<u32>(col) + vec4<u32>(0u, 1u, 2u, 3u);
  let inside = min(columns, vec4<u32>(params.n - 1u));
  var at = s * params.n + inside;
  if (TRANSPOSE_B == 1u) { at = inside * params.k + s; }
  return select(vec4<f32>(), vec4<f32>(b[at.x], b[at.y], b[at.z], b[at.w]), columns == inside);
}

fn outer(x: vec4<f32>, y: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(x.x * y, x.y * y, x.z * y, x.w * y);
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

@compute @workgroup_size(SIDE, SIDE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) place: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let tile_columns = (params.n + 8u * SIDE - 1u) / (8u * SIDE);
  // Tiles past the end (last row of a folded grid) load zeros and store nothing: they still meet the barriers.
  let tile = flat_invocation(group, groups, 0u, 1u);
  let tile_row = 8u * SIDE * (tile / tile_columns);
  let tile_col = 8u * SIDE * (tile % tile_columns);
  var c00 = mat4x4<f32>(); var c01 = mat4x4<f32>(); var c10 = mat4x4<f32>(); var c11 = mat4x4<f32>();
  for (var first = 0u; first < params.k; first += DEPTH) {
    for (var slot = local; slot < 2u * SIDE * DEPTH; slot += SIDE * SIDE) {
      let s = first + slot / (2u * SIDE);
      let offset = 4u * (slot % (2u * SIDE));
      slab_a[slot] = quad_a(tile_row + offset, s);
      slab_b[slot] = quad_b(s, tile_col + offset);
    }
    workgroupBarrier();
    for (var s = 0u; s < DEPTH; s++) {
      let at = s * 2u * SIDE;
      let a0 = slab_a[at + 2u * place.y];
      let a1 = slab_a[at + 2u * place.y + 1u];
      let b0 = slab_b[at + 2u * place.x];
      let b1 = slab_b[at + 2u * place.x + 1u];
      c00 = c00 + outer(a0, b0);
      c01 = c01 + outer(a0, b1);
      c10 = c10 + outer(a1, b0);
      c11 = c11 + outer(a1, b1);
    }
    workgroupBarrier();
  }
  let row = tile_row + 8u * place.y;
  let col = tile_col + 8u * place.x;
  store_cell(row, col, c00);
  store_cell(row, col + 4u, c01);
  store_cell(row + 4u, col, c10);
  store_cell(row + 4u, col + 4u, c11);
}
