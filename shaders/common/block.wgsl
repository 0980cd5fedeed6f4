// The fused kernels in blocks, for GPUs: rows stand in workgroup memory, and an invocation owns 8 rows x 8 columns of
// every product in registers, as four mat4x4. PAIR = 2 (an even number of slots): 4 samples x 2 slots at a time,
// else 8 samples x 1 slot. Lanes run over columns first, so weights are coalesced and rows are broadcast. GROUP is the
// number of such tiles in the widest layer.
//
// SPILL = 1: the rows stand in this workgroup's share of `tape` instead, for shapes whose tile is too large for 16 KiB.

// @include "common/fused.wgsl"
// @const PLANES: u32 = 1
// @const SPILL: u32 = 0

@group(0) @binding(1) var<storage, read> packed: array<vec4<f32>>;
@group(0) @binding(10) var<storage, read_write> tape: array<vec4<f32>>;

// SLOTS per product and samples per invocation.
const PAIR: u32 = 2u - (SLOTS % 2u);
const EACH: u32 = 8u / PAIR;

var<workgroup> rows: array<vec4<f32>, select(ROWS, 1u, SPILL == 1u)>;

fn row(at: u32) -> vec4<f32> {
  if (SPILL == 1u) { return tape[spill_at + at]; }
  return rows[at];
}

fn set_row(at: u32, value: vec4<f32>) {
  if (SPILL == 1u) {
    tape[spill_at + at] = value;
  } else {
    rows[at] = value;
  }
}

// Nothing is kept from tile to tile.
fn begin_tiles(local: u32) {}

const OWN_ROWS: bool = false;

// What the invocations wrote to rows is seen by all behind this.
fn sync() {
  workgroupBarrier();
  if (SPILL == 1u) { storageBarrier(); }
}

// Four rows, four columns.
fn load_rows(at: u32) -> mat4x4<f32> {
  return mat4x4<f32>(row(at), row(at + WIDTH4), row(at + 2u * WIDTH4), row(at + 3u * WIDTH4));
}

// Column i of a matrix, by comparison: an index known at run time only would move the matrix to memory.
fn pick(m: mat4x4<f32>, i: u32) -> vec4<f32> {
  return select(select(m[0], m[1], i == 1u), select(m[2], m[3], i == 3u), i >= 2u);
}

// The same of the tape and all else in global memory.
fn sync_all() {
  workgroupBarrier();
  storageBarrier();
}

fn set_input(tape_at: u32, slot: u32, sample: u32, d4: u32, x: vec4<f32>) {
  set_row(row_at(slot, sample) + d4, x);
  if (TAPE == 1u) { tape[tape_at + (slot * TILE + sample) * LD4 + d4] = x; }
}

fn input_value(tape_at: u32, entry: u32) -> vec4<f32> {
  return tape[tape_at + entry];
}

fn result(slot: u32, sample: u32, d4: u32) -> vec4<f32> {
  return row(row_at(slot, sample) + d4);
}

fn set_seed(slot: u32, sample: u32, d4: u32, bar: vec4<f32>) {
  set_row(row_at(slot, sample) + d4, bar);
}
