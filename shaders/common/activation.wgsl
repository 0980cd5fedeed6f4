// The activations and their first two derivatives. ACTIVATION is a specialisation constant, so the other branches
// are gone before the code reaches the GPU. Order as in src/field/spec.ts.

// @include "common/math.wgsl"
// @const ACTIVATION: u32 = 8

const TANH: u32 = 0u;
const SIGMOID: u32 = 1u;
const SOFTPLUS: u32 = 2u;
const ELU: u32 = 3u;
const RELU: u32 = 4u;
const SWISH: u32 = 5u;
const SIN: u32 = 6u;
const SQUARE: u32 = 7u;

// y = sigma(u)
fn activate(u: vec4<f32>, beta: f32) -> vec4<f32> {
  if (ACTIVATION == TANH) { return tanh4(u); }
  if (ACTIVATION == SIGMOID) { return sigmoid4(u); }
  if (ACTIVATION == SOFTPLUS) { return softplus4(u); }
  if (ACTIVATION == ELU) { return elu4(u); }
  if (ACTIVATION == RELU) { return max(u, vec4<f32>(0.0)); }
  if (ACTIVATION == SWISH) { return u * sigmoid4(beta * u); }
  if (ACTIVATION == SIN) { return sin_shifted4(u, 0); }
  if (ACTIVATION == SQUARE) { return u * u; }
  return u;
}

// sigma'(u), from y = sigma(u) where that is cheaper: forward and reverse then agree to the bit.
fn activate_d1(u: vec4<f32>, y: vec4<f32>, beta: f32) -> vec4<f32> {
  if (ACTIVATION == TANH) { return 1.0 - y * y; }
  if (ACTIVATION == SIGMOID) { return y * (1.0 - y); }
  if (ACTIVATION == SOFTPLUS) { return sigmoid4(u); }
  if (ACTIVATION == ELU) { return select(exp4(u), vec4<f32>(1.0), u > vec4<f32>(0.0)); }
  if (ACTIVATION == RELU) { return select(vec4<f32>(0.0), vec4<f32>(1.0), u > vec4<f32>(0.0)); }
  if (ACTIVATION == SWISH) {
    let s = sigmoid4(beta * u);
    return s + beta * u * s * (1.0 - s);
  }
  if (ACTIVATION == SIN) { return sin_shifted4(u, 1); }
  if (ACTIVATION == SQUARE) { return 2.0 * u; }
  return vec4<f32>(1.0);
}

// sigma''(u)
fn activate_d2(u: vec4<f32>, y: vec4<f32>, beta: f32) -> vec4<f32> {
  if (ACTIVATION == TANH) { return -2.0 * y * (1.0 - y * y); }
  if (ACTIVATION == SIGMOID) { return y * (1.0 - y) * (1.0 - 2.0 * y); }
  if (ACTIVATION == SOFTPLUS) {
    let s = sigmoid4(u);
    return s * (1.0 - s);
  }
  if (ACTIVATION == ELU) { return select(exp4(u), vec4<f32>(0.0), u > vec4<f32>(0.0)); }
  if (ACTIVATION == SWISH) {
    let s = sigmoid4(beta * u);
    return beta * s * (1.0 - s) * (2.0 + beta * u * (1.0 - 2.0 * s));
  }
  if (ACTIVATION == SIN) { return -y; }
  if (ACTIVATION == SQUARE) { return vec4<f32>(2.0); }
  return vec4<f32>(0.0);
}

// What one element adds to d/d beta of the scalar (swish only): the value's part and, per tangent, the other part.
// With S = sigmoid(beta u), q = S (1 - S): y_bar u^2 q  and  ydot_bar udot u q (2 + beta u (1 - 2 S)).
fn swish_beta_value(u: vec4<f32>, beta: f32, y_bar: vec4<f32>) -> vec4<f32> {
  let s = sigmoid4(beta * u);
  return y_bar * u * u * s * (1.0 - s);
}

fn swish_beta_tangent(u: vec4<f32>, u_dot: vec4<f32>, beta: f32, y_dot_bar: vec4<f32>) -> vec4<f32> {
  let s = sigmoid4(beta * u);
  return y_dot_bar * u_dot * u * s * (1.0 - s) * (2.0 + beta * u * (1.0 - 2.0 * s));
}

fn elu4(u: vec4<f32>) -> vec4<f32> {
  // e^u - 1 loses digits near 0: there the Taylor series, whose first neglected term is 1e-8 of it at -0.5.
  var p = vec4<f32>(2.4801587e-5);
  p = p * u + 1.9841270e-4;
  p = p * u + 1.3888889e-3;
  p = p * u + 8.3333333e-3;
  p = p * u + 4.1666667e-2;
  p = p * u + 1.6666667e-1;
  p = p * u + 0.5;
  let negative = select(exp4(u) - 1.0, u + u * u * p, u > vec4<f32>(-0.5));
  return select(negative, u, u > vec4<f32>(0.0));
}
