// What the fused kernels share: one workgroup owns a tile of TILE samples and carries all of a solve for them.
// Its rows (slot, sample), slot 0 the value and the others tangents, are WIDTH4 vec4 each.
//
// There are three forms, with the same functions: block.wgsl for GPUs, strip.wgsl and resident.wgsl for adapters of 4-wide
// subgroups. A form gives
//   OWN_ROWS                              whether an invocation has one sample of the tile, its `local`-th, and all its columns
//                                         (TILE = GROUP, LD4 = 1): what belongs to it can then stay in private memory
//   sync(), sync_all()                    what the invocations wrote to rows, or anywhere, is seen by all behind it
//   set_input(tape_at, slot, sample, d4, x)   the field's input, four columns; input_value(tape_at, entry): slot 0 of them
//   evaluate(t, local, tape_at)           rows of points and probes -> rows of f and J e_k; a barrier before and behind
//   result(slot, sample, d4)              f and J e_k
//   begin_sweep(entry)                    before the seeds of a sweep; entry < RING
//   set_seed(slot, sample, d4, bar)       cotangents of f and J e_k
//   sweep(share, entry, local, tape_at)   the reverse sweep behind a barrier; ends without one
//   input_bar(sample, d4)                 the cotangent of the field's input, of slot 0
//   flush(entries, chunk, fresh, local)   adds up what the sweeps 0 ... entries - 1 left of their gradients
//   begin_tiles(local), end_tiles(chunk, local)   before the first evaluation of a kernel (the continuous adjoint, which has no
//                                         resident form, does without), at the end of a reverse one
// and declares packed, vec4, the weights; tape, vec4: records of evaluations and what a workgroup keeps for itself (resident
// weights have none); and for kernels with a sweep partial, vec4 [workgroup][chunk4].

// @const TILE: u32 = 8
// @const WIDTH4: u32 = 1
// @const SLOTS: u32 = 1
// @const ROWS: u32 = 8
// @const LAYERS: u32 = 2
// @const LD4: u32 = 1
// @const DIM: u32 = 1
// @const ENTRIES: u32 = 8
// @const GATED: u32 = 0
// @const STORE_U: u32 = 0
// @const RESIDUAL: u32 = 0
// @const RING: u32 = 1
// @const GROUP: u32 = 1
// @const TAPE: u32 = 0

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
  spill_at: u32,       // where what the workgroups keep for themselves starts in the tape
  nll_at: u32,         // f32 places in the state: NLL of every sample (LOSS = 1)
  stage_bar_at: u32,   // and cotangents of the stages
  kinetic: f32,        // factors of |f|^2 and |J e_k|^2 in the loss (REGULARISE = 1)
  jacobian: f32,
  b: array<vec4<f32>, 4>,
  c: array<vec4<f32>, 4>,
  e: array<vec4<f32>, 4>,
  a: array<vec4<f32>, 64>,          // row i at 4 i
  layers: array<vec4<u32>, 10>,     // two vec4 a layer
}

@group(0) @binding(0) var<uniform> params: FusedParams;

// Where this workgroup's rows stand in the tape, if they do.
var<private> spill_at: u32;

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

// Columns of a point's vec4 d4.
fn columns_of(d4: u32) -> u32 {
  return min(4u, DIM - 4u * d4);
}

fn row_at(slot: u32, sample: u32) -> u32 {
  return (slot * TILE + sample) * WIDTH4;
}

// Four rows of a weight matrix from `at` on, `stride` apart, four columns.
fn load_weights(at: u32, stride: u32) -> mat4x4<f32> {
  return mat4x4<f32>(packed[at], packed[at + stride], packed[at + 2u * stride], packed[at + 3u * stride]);
}

// The sample that stands for row `sample` of a tile: rows past the batch repeat its last sample and are never stored.
fn sample_of(tile: u32, sample: u32) -> u32 {
  return min(tile * TILE + sample, params.samples - 1u);
}

fn is_sample(tile: u32, sample: u32) -> bool {
  return tile * TILE + sample < params.samples;
}

// Gain s and offset c of four columns at time t.
struct TimeVectors {
  gain: vec4<f32>,
  offset: vec4<f32>,
}

fn time_vectors(v: u32, t: f32) -> TimeVectors {
  let at = params.vectors4 + v;
  let drift = t * packed[at + params.columns4];
  if (GATED == 0u) { return TimeVectors(vec4<f32>(1.0), packed[at] + drift); }
  let gain = sigmoid4(t * packed[at + 2u * params.columns4] + packed[at + 3u * params.columns4]);
  return TimeVectors(gain, gain * packed[at] + drift);
}

// A workgroup's own record of the evaluation that sweep `entry` will go back through.
fn own_record(own: u32, entry: u32) -> u32 {
  return own + (entry % RING) * params.tile4;
}
