// @include "common/philox.wgsl"

// Standard normal from one word in fixed point, the same bits on every device; the CPU twin is
// normalFromBits in src/tensor/random.ts, the table src/tensor/normal-table.ts (scripts/normal-table.mjs).
// Bit 31 is the sign. With v = 2(word mod 2^31) + 1 the magnitude is Φ^-1(1 − v·2^-33) ≤ 6.34, a cubic per
// segment (octave of v, next four bits). A kernel that binds the table writes
//   normal_from_bits(word, normal_table[normal_segment(word)])
// with normal_table: array<vec4<i32>>, 512 rows.

// Row of the table, 0 … 511.
fn normal_segment(word: u32) -> u32 {
  let v = (word << 1u) | 1u;
  let zeros = countLeadingZeros(v);
  return zeros * 16u + (((v << zeros) << 1u) >> 28u);
}

// floor(a·x / 2^32) for a signed a and an unsigned x: the unsigned product counts a negative a as a + 2^32,
// which adds x to the high word.
fn scale_by_fraction(a: i32, x: u32) -> i32 {
  return bitcast<i32>(mulhi(bitcast<u32>(a), x) - select(0u, x, a < 0));
}

// The value from a row of the table: Horner in units of 2^-28, rounded half up to 24 significant bits by
// integers, because the rounding of i32 → f32 is left to the driver; so the conversion and scaling are exact.
fn normal_from_bits(word: u32, coefficients: vec4<i32>) -> f32 {
  let v = (word << 1u) | 1u;
  let x = (v << countLeadingZeros(v)) << 5u;
  var z = coefficients.w;
  z = coefficients.z + scale_by_fraction(z, x);
  z = coefficients.y + scale_by_fraction(z, x);
  z = coefficients.x + scale_by_fraction(z, x);
  var magnitude = bitcast<u32>(max(z, 0));
  let zeros = countLeadingZeros(magnitude);
  if (zeros < 8u) {
    let drop = 8u - zeros;
    magnitude = ((magnitude + (1u << (drop - 1u))) >> drop) << drop;
  }
  let value = select(bitcast<i32>(magnitude), -bitcast<i32>(magnitude), (word >> 31u) == 1u);
  return f32(value) * 0x1p-28f;
}
