// The fused kernels in strips, for adapters whose subgroups are 4 wide: processors that emulate a GPU. There a
// component of a load costs some ninety instructions and a multiply-add nine (SwiftShader's code for x86), so rows are
// loaded once for a subgroup, and a product keeps as many sums as it can.
//
// A workgroup is one subgroup, a tile 16 samples. A product takes 8 rows of a slot at a time, and of the columns 4 vec4, one
// an invocation: 2 mat4x4 of sums. Each lane loads every fourth row, the others get it by broadcast: per 4 steps along the
// depth 6 vec4 loads for 128 multiply-adds. Everything stands in global memory: no access is dearer than another here.
//
// Larger blocks load less and are slower: a load is some 2 KB of machine code, and a loop that does not fit the
// instruction cache waits for it. Measured on SwiftShader on products of depth 512, in GFLOP/s: 16 rows x 4 columns an
// invocation 4.5, x 8 4.8, x 16 5.4; 8 rows x 8 columns 3.8, 8 x 4 7.0. The small ones compile faster, too.

// @include "common/fused.wgsl"
// @include "common/strip_column.wgsl"
// @const PACKED4: u32 = 1
// @const TAPE4: u32 = 1

// Of fixed sizes: the length of an array that has none is a division at every access.
@group(0) @binding(1) var<storage, read> packed: array<vec4<f32>, PACKED4>;
@group(0) @binding(10) var<storage, read_write> tape: array<vec4<f32>, TAPE4>;

// The rows of a layer's operand or result: vec4 place of the first, and from one to the next.
struct Rows {
  at: u32,
  stride: u32,
}

// Nothing is kept from tile to tile.
fn begin_tiles(local: u32) {}

const OWN_ROWS: bool = false;

// All of it is in global memory.
fn sync() {
  storageBarrier();
}

fn sync_all() {
  storageBarrier();
}

// Four rows, one from each lane.
fn shared_rows(at: u32, stride: u32, lane: u32) -> mat4x4<f32> {
  return spread(tape[at + lane * stride]);
}

// Sums of 8 rows by a matrix [4 depth4][4 width4], for the vec4 columns from `base` on, one a lane. Lanes past the end
// repeat its last column.
fn multiply(rows: Rows, weights_at: u32, depth4: u32, width4: u32, base: u32, lane: u32) -> Column {
  var sums = Column();
  var at = weights_at + min(base + lane, width4 - 1u);
  for (var k = 0u; k < depth4; k++) {
    let x = Column(shared_rows(rows.at + k, rows.stride, lane), shared_rows(rows.at + 4u * rows.stride + k, rows.stride, lane));
    sums = add_product(sums, load_weights(at, width4), x);
    at += 4u * width4;
  }
  return sums;
}

// The same for one vec4 column and 16 rows. Lanes own rows lane, lane + 4, ...; the matrix reaches them by broadcast.
fn multiply_narrow(rows: Rows, weights_at: u32, depth4: u32, width4: u32, column: u32, lane: u32) -> mat4x4<f32> {
  var sums = mat4x4<f32>();
  for (var k = 0u; k < depth4; k++) {
    let w = spread(packed[weights_at + (4u * k + lane) * width4 + column]);
    let at = rows.at + lane * rows.stride + k;
    sums += w * mat4x4<f32>(tape[at], tape[at + 4u * rows.stride], tape[at + 8u * rows.stride], tape[at + 12u * rows.stride]);
  }
  return sums;
}
