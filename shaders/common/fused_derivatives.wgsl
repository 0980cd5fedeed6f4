// What a reverse sweep needs in either form: how a stage counts, sums into the gradient chunks, and derivatives of
// the activation from what the evaluation left on the tape.
//
// A form gives cotangent() and set_cotangent(), (s) u_bar of a layer. A kernel that includes this declares partial, vec4
// [workgroup][chunk4]: a chunk as src/field/packing.ts lays it out.

// @include "common/activation.wgsl"
// @include "common/fused.wgsl"
// @include "common/outer.wgsl"

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

// `column`: vec4, among the vectors. Between k and tau stands beta's (add_beta).
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

// b, w, g, k and explicit time of a layer, from column sums over the samples; the cotangents are s u_bar behind it.
//   U = sum u_bar,  Q = (1 - s) sum [u_bar (u - w t) + sum_k u'_bar_k u'_k]
fn column_gradients(layer: FusedLayer, share: StageShare, local: u32, tape_at: u32) {
  for (var column = local; column < layer.out4; column += GROUP) {
    let v = params.vectors4 + layer.vector_at + column;
    let drift = packed[v + params.columns4];
    var sum_u = vec4<f32>();
    var sum_q = vec4<f32>();
    var gain = vec4<f32>(1.0);
    var gate = vec4<f32>();
    if (GATED == 1u) {
      gate = packed[v + 2u * params.columns4];
      gain = sigmoid4(share.t * gate + packed[v + 3u * params.columns4]);
    }
    for (var sample = 0u; sample < TILE; sample++) {
      let u_bar = cotangent(layer, 0u, sample, column);
      sum_u += u_bar;
      if (GATED == 1u) {
        for (var slot = 0u; slot < SLOTS; slot++) {
          let bar = cotangent(layer, slot, sample, column);
          var u = tape[tape_at + layer.u_at + (slot * TILE + sample) * layer.out4 + column];
          if (slot == 0u) { u -= share.t * drift; }
          sum_q += bar * u;
          set_cotangent(layer, slot, sample, column, gain * bar);
        }
      }
    }
    sum_q *= 1.0 - gain;
    let time = gate * sum_q + drift * sum_u;
    let weight = share.weight;
    let gradients = VectorSums(
      weight * gain * sum_u, weight * share.t * sum_u, weight * share.t * sum_q, weight * sum_q, share.tau * time, weight * time,
    );
    add_vectors(share.chunk, layer.vector_at + column, gradients, share.fresh);
  }
}

// sigma' and sigma'' of a place, from y where that tells all, else from u.
struct Slopes {
  d1: vec4<f32>,
  d2: vec4<f32>,
  u: vec4<f32>,
}

fn slopes_from(u_at: u32, y: vec4<f32>, beta: f32) -> Slopes {
  if (ACTIVATION == TANH || ACTIVATION == SIGMOID || ACTIVATION == RELU) {
    return Slopes(activate_d1(y, y, beta), activate_d2(y, y, beta), y);
  }
  if (ACTIVATION == ELU) {
    let rises = y > vec4<f32>(0.0);
    return Slopes(select(y + 1.0, vec4<f32>(1.0), rises), select(y + 1.0, vec4<f32>(), rises), y);
  }
  if (ACTIVATION == SOFTPLUS || ACTIVATION == SWISH || ACTIVATION == SIN || ACTIVATION == SQUARE) {
    let u = tape[u_at];
    return Slopes(activate_d1(u, y, beta), activate_d2(u, y, beta), u);
  }
  return Slopes(vec4<f32>(1.0), vec4<f32>(), y);
}

// sigma'' u'_k: from y'_k = sigma' u'_k where the quotient is a polynomial of y.
fn bend(s: Slopes, y: vec4<f32>, y_dot: vec4<f32>, u_dot_at: u32) -> vec4<f32> {
  if (ACTIVATION == TANH) { return -2.0 * y * y_dot; }
  if (ACTIVATION == SIGMOID) { return (1.0 - 2.0 * y) * y_dot; }
  if (ACTIVATION == ELU) { return select(y_dot, vec4<f32>(), y > vec4<f32>(0.0)); }
  if (ACTIVATION == SOFTPLUS || ACTIVATION == SWISH || ACTIVATION == SIN || ACTIVATION == SQUARE) {
    return s.d2 * tape[u_dot_at];
  }
  return vec4<f32>();
}
