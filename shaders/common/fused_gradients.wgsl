// How a stage counts among the gradients, and sums into the gradient chunks.
//
// A kernel that includes this declares partial, vec4 [workgroup][chunk4]: a chunk as src/field/packing.ts lays it out.

// How a stage counts among the gradients.
struct StageShare {
  t: f32,
  tau: f32,        // factor of the explicit time towards dL/dt1
  weight: f32,     // 1 where the seeds carry the weight, h b in a quadrature
  chunk: u32,      // this workgroup's chunk, vec4
  fresh: bool,     // nothing has been added to it yet
}

fn add_to(at: u32, value: vec4<f32>, fresh: bool) {
  if (fresh) {
    partial[at] = value;
  } else {
    partial[at] += value;
  }
}

// This invocation's share of d/d beta (swish): of the sweep under way, and of all so far.
var<private> beta_share: f32 = 0.0;
var<private> beta_bar: f32 = 0.0;

fn add_block(at: u32, stride: u32, sum: mat4x4<f32>, fresh: bool) {
  add_to(at, sum[0], fresh);
  add_to(at + stride, sum[1], fresh);
  add_to(at + 2u * stride, sum[2], fresh);
  add_to(at + 3u * stride, sum[3], fresh);
}

// Gradients of four columns of the vectors b, w, g and k, and of explicit time: weighted by tau, and not.
struct VectorSums {
  b: vec4<f32>,
  w: vec4<f32>,
  g: vec4<f32>,
  k: vec4<f32>,
  tau: vec4<f32>,
  time: vec4<f32>,
}

// `column`: vec4, among the vectors. Between k and tau stands beta's (end_tiles).
fn add_vectors(chunk: u32, column: u32, gradients: VectorSums, fresh: bool) {
  let at = chunk + params.chunk_vectors4 + column;
  let stride = params.columns4;
  add_to(at, gradients.b, fresh);
  add_to(at + stride, gradients.w, fresh);
  add_to(at + 2u * stride, gradients.g, fresh);
  add_to(at + 3u * stride, gradients.k, fresh);
  if (fresh) { partial[at + 4u * stride] = vec4<f32>(); }
  add_to(at + 5u * stride, gradients.tau, fresh);
  add_to(at + 6u * stride, gradients.time, fresh);
}

