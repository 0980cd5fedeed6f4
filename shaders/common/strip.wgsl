// The fused kernels in strips, for adapters whose subgroups are 4 wide: processors that emulate a GPU. There a
// component of a load costs some ninety instructions and a multiply-add nine (SwiftShader's code for x86), so rows are
// loaded once for a subgroup, and a product keeps as many sums as it can.
//
// A workgroup is one subgroup, a tile 16 samples. A product takes the 16 rows of a slot at a time; an invocation owns
// vec4 columns lane, lane + 4, ... of them, COLS in all: 4 COLS mat4x4 of sums (row group, then column). Each lane
// loads every fourth row, the others get it by broadcast. Per 4 steps along the depth: 4 + 4 COLS vec4 loads for
// 256 COLS multiply-adds. Everything stands in global memory: no access is dearer than another here.
//
// Measured on SwiftShader, a product 1024 x 512 x 512 alone: 2.8 GFLOP/s in blocks, 3.8 with COLS = 2, 5.8 with 4, whose
// kernels take more than twice as long to compile and move more through the loops behind a product.

// @include "common/fused.wgsl"
// @include "common/strip_column.wgsl"
// @const COLS: u32 = 2
// @const PACKED4: u32 = 1
// @const TAPE4: u32 = 1

// Of fixed sizes: the length of an array that has none is a division at every access.
@group(0) @binding(1) var<storage, read> packed: array<vec4<f32>, PACKED4>;
@group(0) @binding(10) var<storage, read_write> tape: array<vec4<f32>, TAPE4>;

// The sums of one product, by column groups; or what one slot leaves for the next. COLS = 1: the second is idle.
struct Strip {
  c0: Column,
  c1: Column,
}

// The rows of a layer's operand or result: vec4 place of the first, and from one to the next.
struct Rows {
  at: u32,
  stride: u32,
}

// All of it is in global memory.
fn sync() {
  storageBarrier();
}

fn sync_all() {
  storageBarrier();
}

// The matrices one place down, and one behind them: a loop over them in place of 4 COLS copies of its body.
fn rotate(s: Strip, last: mat4x4<f32>) -> Strip {
  if (COLS == 1u) { return Strip(Column(s.c0.r1, s.c0.r2, s.c0.r3, last), s.c1); }
  return Strip(Column(s.c0.r1, s.c0.r2, s.c0.r3, s.c1.r0), Column(s.c1.r1, s.c1.r2, s.c1.r3, last));
}

// Four rows, one from each lane.
fn shared_rows(at: u32, stride: u32, lane: u32) -> mat4x4<f32> {
  return spread(tape[at + lane * stride]);
}

fn own_rows(at: u32, stride: u32) -> mat4x4<f32> {
  return mat4x4<f32>(tape[at], tape[at + stride], tape[at + 2u * stride], tape[at + 3u * stride]);
}

// Sums of 16 rows by a matrix [4 depth4][4 width4], for column groups from vec4 column `base` on. Lanes past the end
// repeat its last column.
fn multiply(rows: Rows, weights_at: u32, depth4: u32, width4: u32, base: u32, lane: u32) -> Strip {
  var c0 = Column();
  var c1 = Column();
  let end = width4 - 1u;
  var at = weights_at;
  for (var k = 0u; k < depth4; k++) {
    let x = Column(
      shared_rows(rows.at + k, rows.stride, lane),
      shared_rows(rows.at + 4u * rows.stride + k, rows.stride, lane),
      shared_rows(rows.at + 8u * rows.stride + k, rows.stride, lane),
      shared_rows(rows.at + 12u * rows.stride + k, rows.stride, lane),
    );
    c0 = add_product(c0, load_weights(at + min(base + lane, end), width4), x);
    if (COLS > 1u) { c1 = add_product(c1, load_weights(at + min(base + 4u + lane, end), width4), x); }
    at += 4u * width4;
  }
  return Strip(c0, c1);
}

// The same for a matrix of few columns, one vec4 of them: here the lanes split the depth. Returns rows
// 4 lane ... 4 lane + 3.
fn multiply_narrow(rows: Rows, weights_at: u32, depth4: u32, width4: u32, column: u32, lane: u32) -> mat4x4<f32> {
  var a0 = mat4x4<f32>(); var a1 = mat4x4<f32>(); var a2 = mat4x4<f32>(); var a3 = mat4x4<f32>();
  for (var first = 0u; first < depth4; first += 4u) {
    let k = min(first + lane, depth4 - 1u);
    var w = load_weights(weights_at + 4u * k * width4 + column, width4);
    if (first + lane >= depth4) { w = mat4x4<f32>(); }
    a0 += w * own_rows(rows.at + k, rows.stride);
    a1 += w * own_rows(rows.at + 4u * rows.stride + k, rows.stride);
    a2 += w * own_rows(rows.at + 8u * rows.stride + k, rows.stride);
    a3 += w * own_rows(rows.at + 12u * rows.stride + k, rows.stride);
  }
  let b0 = add_lanes(a0);
  let b1 = add_lanes(a1);
  let b2 = add_lanes(a2);
  let b3 = add_lanes(a3);
  if (lane == 0u) { return b0; }
  if (lane == 1u) { return b1; }
  if (lane == 2u) { return b2; }
  return b3;
}

fn add_lanes(m: mat4x4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(subgroupAdd(m[0]), subgroupAdd(m[1]), subgroupAdd(m[2]), subgroupAdd(m[3]));
}
