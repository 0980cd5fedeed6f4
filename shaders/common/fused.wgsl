// What the fused kernels share: one workgroup owns a tile of TILE samples and carries all of a solve for them.
// Its rows (slot, sample), slot 0 the value and the others tangents, stand in workgroup memory, WIDTH4 vec4 each.
//
// An invocation owns 8 rows x 8 columns of every product in registers, as four mat4x4: PAIR = 2 (an even number of
// slots): 4 samples x 2 slots at a time, else 8 samples x 1 slot. Lanes run over columns first, so weights are
// coalesced and rows are broadcast. GROUP is the number of such tiles in the widest layer.
//
// SPILL = 1: the rows stand in this workgroup's share of `tape` instead, for shapes whose tile is too large for 16 KiB
// and for devices whose workgroup memory is no faster.
// What a kernel that includes this declares: `tape`, vec4, read_write.

// @const TILE: u32 = 8
// @const WIDTH4: u32 = 1
// @const SLOTS: u32 = 1
// @const PLANES: u32 = 1
// @const ROWS: u32 = 8
// @const LAYERS: u32 = 2
// @const LD4: u32 = 1
// @const ENTRIES: u32 = 8
// @const GATED: u32 = 0
// @const STORE_U: u32 = 0
// @const RESIDUAL: u32 = 0
// @const SPILL: u32 = 0

// SLOTS per product and samples per invocation.
const PAIR: u32 = 2u - (SLOTS % 2u);
const EACH: u32 = 8u / PAIR;

// Of one layer. All places and sizes in vec4.
struct FusedLayer {
  in4: u32,
  out4: u32,
  forward_at: u32,   // weights as [in][out]
  reverse_at: u32,   // weights as [out][in]
  vector_at: u32,    // its first column among the vectors b, w, g, k
  gradient_at: u32,  // weight gradient [out][in] in a chunk
  x_at: u32,         // its input in a tile's record of the tape, as [slot][sample][in4]
  u_at: u32,         // and its pre-activation, as [slot][sample][out4] (STORE_U)
}

struct FusedParams {
  samples: u32,
  dim: u32,
  probes: u32,
  stages: u32,
  steps: u32,          // fixed steps; 0: adaptive
  from_step: u32,      // this dispatch takes steps from_step up to (not with) to_step
  to_step: u32,
  tiles: u32,
  capacity: u32,       // steps there is room for in `steps` and in what is kept
  delta_at: u32,       // f32 places in the state
  slopes_at: u32,      // f32 places in `kept`
  traces_at: u32,
  vectors4: u32,       // where the vectors stand in `packed`
  columns4: u32,       // V / 4
  beta_at: u32,        // f32
  record4: u32,        // tape of one stage, all tiles
  tile4: u32,          // and one tile's share of it
  chunk4: u32,         // gradient chunk, and where its vectors stand in it
  chunk_vectors4: u32,
  bar_at: u32,         // f32 places in the state of the cotangents: z, Delta, dL/dt1
  delta_bar_at: u32,
  end_bar_at: u32,
  used: u32,           // bit i: stage i takes part in the result
  trace_weight: f32,
  spill_at: u32,       // where the workgroups' rows start in the tape (SPILL = 1)
  nll_at: u32,         // f32 places in the state: NLL of every sample (LOSS = 1)
  stage_bar_at: u32,   // and cotangents of the stages
  spare: u32,
  b: array<vec4<f32>, 4>,
  c: array<vec4<f32>, 4>,
  e: array<vec4<f32>, 4>,
  a: array<vec4<f32>, 64>,          // row i at 4 i
  layers: array<vec4<u32>, 10>,     // two vec4 a layer
}

@group(0) @binding(0) var<uniform> params: FusedParams;
@group(0) @binding(1) var<storage, read> packed: array<vec4<f32>>;

var<workgroup> rows: array<vec4<f32>, select(ROWS, 1u, SPILL == 1u)>;
// Where this workgroup's rows stand in the tape (SPILL = 1).
var<private> spill_at: u32;

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

// What the invocations wrote to rows is seen by all behind this.
fn sync() {
  workgroupBarrier();
  if (SPILL == 1u) { storageBarrier(); }
}

fn layer_at(l: u32) -> FusedLayer {
  let p = params.layers[2u * l];
  let q = params.layers[2u * l + 1u];
  return FusedLayer(p.x, p.y, p.z, p.w, q.x, q.y, q.z, q.w);
}

fn weight_a(i: u32, j: u32) -> f32 { return params.a[4u * i + j / 4u][j % 4u]; }
fn weight_b(i: u32) -> f32 { return params.b[i / 4u][i % 4u]; }
fn weight_c(i: u32) -> f32 { return params.c[i / 4u][i % 4u]; }
fn weight_e(i: u32) -> f32 { return params.e[i / 4u][i % 4u]; }

fn swish_beta() -> f32 {
  return packed[params.beta_at / 4u][params.beta_at % 4u];
}

fn row_at(slot: u32, sample: u32) -> u32 {
  return (slot * TILE + sample) * WIDTH4;
}

// Four rows, four columns.
fn load_rows(at: u32) -> mat4x4<f32> {
  return mat4x4<f32>(row(at), row(at + WIDTH4), row(at + 2u * WIDTH4), row(at + 3u * WIDTH4));
}

// Four rows of a weight matrix from `at` on, `stride` apart, four columns.
fn load_weights(at: u32, stride: u32) -> mat4x4<f32> {
  return mat4x4<f32>(packed[at], packed[at + stride], packed[at + 2u * stride], packed[at + 3u * stride]);
}

// Column i of a matrix, by comparison: an index known at run time only would move the matrix to memory.
fn pick(m: mat4x4<f32>, i: u32) -> vec4<f32> {
  return select(select(m[0], m[1], i == 1u), select(m[2], m[3], i == 3u), i >= 2u);
}

// The sample that stands for row `sample` of a tile: rows past the batch repeat its last sample and are never stored.
fn sample_of(tile: u32, sample: u32) -> u32 {
  return min(tile * TILE + sample, params.samples - 1u);
}

fn is_sample(tile: u32, sample: u32) -> bool {
  return tile * TILE + sample < params.samples;
}
