// Philox4x32-10: four random words from a counter of four words and a key of two, in integers only, so that
// every device and the CPU twin (src/tensor/philox.ts) agree bit for bit.
// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.

// High 32 bits of a·b from 16-bit halves, WGSL having no 64-bit product. No partial sum overflows:
// (2^16 − 1)² + 2(2^16 − 1) = 2^32 − 1.
fn mulhi(a: u32, b: u32) -> u32 {
  let a_low = a & 0xffffu;
  let a_high = a >> 16u;
  let b_low = b & 0xffffu;
  let b_high = b >> 16u;
  let cross = a_high * b_low + ((a_low * b_low) >> 16u);
  let middle = a_low * b_high + (cross & 0xffffu);
  return a_high * b_high + (cross >> 16u) + (middle >> 16u);
}

fn philox(counter: vec4<u32>, key: vec2<u32>) -> vec4<u32> {
  var c = counter;
  var k = key;
  for (var round = 0u; round < 10u; round++) {
    let high_0 = mulhi(0xd2511f53u, c.x);
    let high_1 = mulhi(0xcd9e8d57u, c.z);
    c = vec4<u32>(high_1 ^ c.y ^ k.x, 0xcd9e8d57u * c.z, high_0 ^ c.w ^ k.y, 0xd2511f53u * c.x);
    // The key walks by Weyl increments: the golden ratio and √3 − 1 in 32 bits.
    k += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}
