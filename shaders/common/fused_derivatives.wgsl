// What a reverse sweep needs that finds its evaluation on the tape: gradients of the vectors, and derivatives of the
// activation. A form gives cotangent() and set_cotangent(), (s) u_bar of a layer.

// @include "common/activation.wgsl"
// @include "common/fused.wgsl"
// @include "common/fused_gradients.wgsl"
// @include "common/outer.wgsl"

// b, w, g, k and explicit time of a layer, from column sums over the samples; the cotangents are s u_bar behind it.
//   U = sum u_bar,  Q = (1 - s) sum [u_bar (u - w t) + sum_k u'_bar_k u'_k]
// Of a stage without weight there are no gradients.
fn column_gradients(layer: FusedLayer, share: StageShare, local: u32, tape_at: u32) {
  let counts = share.weight != 0.0;
  if (GATED == 0u && !counts) { return; }
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
          set_cotangent(layer, slot, sample, column, gain * bar);
          if (!counts) { continue; }
          var u = tape[tape_at + layer.u_at + (slot * TILE + sample) * layer.out4 + column];
          if (slot == 0u) { u -= share.t * drift; }
          sum_q += bar * u;
        }
      }
    }
    if (!counts) { continue; }
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
