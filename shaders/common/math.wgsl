// Elementary functions with errors we know. WGSL allows the built-in exp (3 + 2|x|) ULP, sin and cos 2^-11 absolute
// on [-pi, pi] only, and tanh 1e-5 absolute or NaN from |x| = 88.7 on; a log-density needs better. All are written
// on vec4, the type every kernel works in. Errors below: largest over the range, in ULP of the result, as measured
// with correctly rounded +, *, / (SwiftShader).

const LOG2_E: f32 = 1.44269504;

// clamp, but a NaN stays one; software adapters take ten times as long for the built-in, which orders NaNs.
fn bounded4(x: vec4<f32>, high: f32, low: f32) -> vec4<f32> {
  let below = select(x, vec4<f32>(high), x > vec4<f32>(high));
  return select(below, vec4<f32>(low), below < vec4<f32>(low));
}

// e^r where x = n ln 2 + r: ln 2 in two parts (the first times n is exact) and a polynomial on |r| <= 0.35.
fn exp_reduced4(x: vec4<f32>, n: vec4<f32>) -> vec4<f32> {
  let r = (x - n * 0.693359375) + n * 2.12194440e-4;
  // Cephes expf coefficients (S. Moshier), minimax for (e^r - 1 - r) / r^2.
  var p = vec4<f32>(1.9875691500e-4);
  p = p * r + 1.3981999507e-3;
  p = p * r + 8.3334519073e-3;
  p = p * r + 4.1665795894e-2;
  p = p * r + 1.6666665459e-1;
  p = p * r + 5.0000001201e-1;
  return p * r * r + r + 1.0;
}

// e^x, |x| <= 87.33 (clamped there): the power of two goes into the exponent bits. 1.0 ULP.
fn exp4(value: vec4<f32>) -> vec4<f32> {
  let x = bounded4(value, 87.33, -87.33);
  let n = round(x * LOG2_E);
  let y = exp_reduced4(x, n);
  return bitcast<vec4<f32>>(bitcast<vec4<i32>>(y) + (vec4<i32>(n) << vec4<u32>(23u)));
}

// e^x for every x: infinity from 88.73 on, subnormal (or 0, where the device flushes them) below -87.34, NaN for
// NaN. The power of two is multiplied in two halves, because 2^128 and 2^-127 are no normal numbers. 1.0 ULP.
fn exp_wide4(value: vec4<f32>) -> vec4<f32> {
  let x = bounded4(value, 100.0, -110.0);
  let n = round(x * LOG2_E);
  let half = vec4<i32>(n) >> vec4<u32>(1u);
  let rest = vec4<i32>(n) - half;
  let y = exp_reduced4(x, n) * power_of_two4(half) * power_of_two4(rest);
  return select(y, value, is_nan4(value));
}

fn power_of_two4(n: vec4<i32>) -> vec4<f32> {
  return bitcast<vec4<f32>>((n + vec4<i32>(127)) << vec4<u32>(23u));
}

fn is_nan4(x: vec4<f32>) -> vec4<bool> {
  return (bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u);
}

// ln x: -infinity at 0, NaN below. x = 2^k m with m in [sqrt 1/2, sqrt 2), and ln m = f - f^2/2 + s (f^2/2 + R(s^2))
// with f = m - 1, s = f / (2 + f); the form and R's coefficients are FreeBSD's (e_logf.c, Sun 1993). 0.7 ULP.
fn log4(x: vec4<f32>) -> vec4<f32> {
  // Subnormals are scaled up first; a device that flushes them gives -infinity.
  let is_tiny = abs(x) < vec4<f32>(0x1p-126);
  let bits = bitcast<vec4<u32>>(select(x, x * 0x1p23, is_tiny)) - vec4<u32>(0x3f3504f3u);
  let k = vec4<f32>(bitcast<vec4<i32>>(bits) >> vec4<u32>(23u)) - select(vec4<f32>(0.0), vec4<f32>(23.0), is_tiny);
  let f = bitcast<vec4<f32>>((bits & vec4<u32>(0x007fffffu)) + vec4<u32>(0x3f3504f3u)) - 1.0;
  let s = f / (2.0 + f);
  let z = s * s;
  let r = z * (0.66666662693 + z * (0.40000972152 + z * (0.28498786688 + z * 0.24279078841)));
  let half_square = 0.5 * f * f;
  let low = s * (half_square + r) + k * 9.0580006145e-6;
  let y = k * 6.9313812256e-1 + (f - (half_square - low));
  let above = select(y, x, (bitcast<vec4<u32>>(x) & vec4<u32>(0x7f800000u)) == vec4<u32>(0x7f800000u));
  return select(below_one_sided4(x), above, x > vec4<f32>(0.0));
}

// What ln has where x is not above 0: -infinity at 0, NaN below and for NaN. From bits, because WGSL has no
// literals for them.
fn below_one_sided4(x: vec4<f32>) -> vec4<f32> {
  let magnitude = bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu);
  return bitcast<vec4<f32>>(select(vec4<u32>(0x7fc00000u), vec4<u32>(0xff800000u), magnitude < vec4<u32>(0x00800000u)));
}

// ln(1 + x) without cancellation near 0. 1.7 ULP.
fn log1p4(x: vec4<f32>) -> vec4<f32> {
  let is_near = abs(x - 0.25) <= vec4<f32>(0.75);
  return select(log4(1.0 + x), log1p_unit4(x), is_near);
}

// ln(1 + e) for e in [-1/2, 1], as 2 artanh(e / (2 + e)); 1.8 ULP, also for tiny e.
fn log1p_unit4(e: vec4<f32>) -> vec4<f32> {
  // 2w and not w, which would be subnormal for the least e.
  let double = e / (1.0 + 0.5 * e);
  let q = 0.25 * double * double;
  var p = vec4<f32>(0.0666666667);
  p = p * q + 0.0769230769;
  p = p * q + 0.0909090909;
  p = p * q + 0.1111111111;
  p = p * q + 0.1428571429;
  p = p * q + 0.2;
  p = p * q + 0.3333333333;
  return double + double * q * p;
}

// Odd rational approximation of degree 13 over 6, clamped where tanh rounds to 1; 4.5 ULP. The coefficients are
// those that Eigen and XLA publish for f32.
fn tanh4(value: vec4<f32>) -> vec4<f32> {
  let x = bounded4(value, 7.90531110763549805, -7.90531110763549805);
  let q = x * x;
  var p = vec4<f32>(-2.76076847742355e-16);
  p = p * q + 2.00018790482477e-13;
  p = p * q + -8.60467152213735e-11;
  p = p * q + 5.12229709037114e-08;
  p = p * q + 1.48572235717979e-05;
  p = p * q + 6.37261928875436e-04;
  p = p * q + 4.89352455891786e-03;
  var d = vec4<f32>(1.19825839466702e-06);
  d = d * q + 1.18534705686654e-04;
  d = d * q + 2.26843463243900e-03;
  d = d * q + 4.89352518554385e-03;
  // p / d first: x p would be subnormal for |x| < 2e-36.
  return x * (p / d);
}

fn sigmoid4(x: vec4<f32>) -> vec4<f32> {
  // From e^-|x| on both sides, so that the small tail keeps its relative accuracy.
  let e = exp4(-abs(x));
  return select(e, vec4<f32>(1.0), x >= vec4<f32>(0.0)) / (1.0 + e);
}

fn softplus4(x: vec4<f32>) -> vec4<f32> {
  return max(x, vec4<f32>(0.0)) + log1p_unit4(exp4(-abs(x)));
}

// sin(x + quarter * pi/2): the argument is reduced by multiples of pi/2 in three parts (Cody and Waite), good for
// |x| <= 1e4; absolute error 1.2e-7 there.
fn sin_shifted4(x: vec4<f32>, quarter: i32) -> vec4<f32> {
  let n = round(x * 0.636619772);
  let r = ((x - n * 1.5703125) - n * 4.83751297e-4) - n * 7.54978995e-8;
  let q = r * r;
  let s = r + r * q * (-1.6666654611e-1 + q * (8.3321608736e-3 + q * -1.9515295891e-4));
  let c = 1.0 - 0.5 * q + q * q * (4.166664568298827e-2 + q * (-1.388731625493765e-3 + q * 2.443315711809948e-5));
  let turn = vec4<i32>(n) + vec4<i32>(quarter);
  let value = select(s, c, (turn & vec4<i32>(1)) == vec4<i32>(1));
  return select(value, -value, (turn & vec4<i32>(2)) == vec4<i32>(2));
}

// True where the bits say NaN or infinity; comparisons such as x != x may be optimised away.
fn non_finite(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7f800000u) == 0x7f800000u;
}
