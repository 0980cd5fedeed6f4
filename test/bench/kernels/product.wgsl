// C = A B, row-major, every size a multiple of 8: the fastest product found on a software adapter, with nothing around
// it that a library needs. It sets the rate that the engine's own product is held to.
//
// a  [m, k/4] vec4      b  [k, n/4] vec4      c  [m, n/4] vec4
//
// An invocation owns 8 x 8 entries of C; per 4 steps along k it loads 16 vec4 for 256 multiply-adds.

struct Sizes { m: u32, n: u32, k: u32 }

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> c: array<vec4<f32>>;

fn rows_a(at: u32, stride: u32) -> mat4x4<f32> {
  return mat4x4<f32>(a[at], a[at + stride], a[at + 2u * stride], a[at + 3u * stride]);
}

fn rows_b(at: u32, stride: u32) -> mat4x4<f32> {
  return mat4x4<f32>(b[at], b[at + stride], b[at + 2u * stride], b[at + 3u * stride]);
}

fn store(at: u32, stride: u32, value: mat4x4<f32>) {
  c[at] = value[0];
  c[at + stride] = value[1];
  c[at + 2u * stride] = value[2];
  c[at + 3u * stride] = value[3];
}

@compute @workgroup_size(4, 2)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = 8u * id.y;
  let col = 2u * id.x;
  let n4 = sizes.n / 4u;
  let k4 = sizes.k / 4u;
  if (row >= sizes.m || col >= n4) { return; }
  var c00 = mat4x4<f32>(); var c01 = mat4x4<f32>(); var c10 = mat4x4<f32>(); var c11 = mat4x4<f32>();
  for (var s = 0u; s < k4; s++) {
    let a0 = rows_a(row * k4 + s, k4);
    let a1 = rows_a((row + 4u) * k4 + s, k4);
    let b0 = rows_b(4u * s * n4 + col, n4);
    let b1 = rows_b(4u * s * n4 + col + 1u, n4);
    c00 += b0 * a0;
    c01 += b1 * a0;
    c10 += b0 * a1;
    c11 += b1 * a1;
  }
  store(row * n4 + col, n4, c00);
  store(row * n4 + col + 1u, n4, c01);
  store((row + 4u) * n4 + col, n4, c10);
  store((row + 4u) * n4 + col + 1u, n4, c11);
}
