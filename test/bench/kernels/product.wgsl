// C = A B, row-major, every size a multiple of 8: blocks in registers with nothing around them that a library needs. It
// sets the rate that the engine's own product is held to. M, K and N are constants that stand before this text: the
// length of an array without a fixed size would be a division at every access (4 % here).
//
// a  [M, K/4] vec4      b  [K, N/4] vec4      c  [M, N/4] vec4
//
// An invocation owns 8 x 8 entries of C; per 4 steps along K it loads 16 vec4 for 256 multiply-adds. Workgroups of 2 x 2 to
// 16 x 1 and 8 x 4 are within 3 % of each other on SwiftShader. Strips that share their loads (tensor/matmul_strip.wgsl)
// are twice as fast there.

@group(0) @binding(0) var<storage, read> a: array<vec4<f32>, M * K / 4>;
@group(0) @binding(1) var<storage, read> b: array<vec4<f32>, K * N / 4>;
@group(0) @binding(2) var<storage, read_write> c: array<vec4<f32>, M * N / 4>;

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

@compute @workgroup_size(8, 4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = 8u * id.y;
  let col = 2u * id.x;
  let n4 = N / 4u;
  let k4 = K / 4u;
  if (row >= M || col >= n4) { return; }
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
