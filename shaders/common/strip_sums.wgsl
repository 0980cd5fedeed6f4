// Sums of a strip that is 64 columns wide: 16 rows of the vec4 columns lane, lane + 4, lane + 8 and lane + 12 an
// invocation, as 16 mat4x4.

// @include "common/strip_column.wgsl"

struct Sums {
  c0: Column,
  c1: Column,
  c2: Column,
  c3: Column,
}

// The matrices one place down, and one behind them: a loop over them in place of 16 copies of its body.
fn rotate(s: Sums, last: mat4x4<f32>) -> Sums {
  return Sums(
    Column(s.c0.r1, s.c0.r2, s.c0.r3, s.c1.r0),
    Column(s.c1.r1, s.c1.r2, s.c1.r3, s.c2.r0),
    Column(s.c2.r1, s.c2.r2, s.c2.r3, s.c3.r0),
    Column(s.c3.r1, s.c3.r2, s.c3.r3, last),
  );
}
