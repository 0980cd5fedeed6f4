// Nothing but multiply-adds in registers, eight independent chains of vec4 in every invocation: what the adapter's
// arithmetic can do at most. 4096 rounds of 8 x 4 multiply-adds.

@group(0) @binding(0) var<storage, read_write> sums: array<vec4<f32>>;

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let x = vec4<f32>(0.999, 0.998, 0.997, 0.996);
  let y = sums[id.x];
  var c0 = y; var c1 = y + 1.0; var c2 = y + 2.0; var c3 = y + 3.0;
  var c4 = y + 4.0; var c5 = y + 5.0; var c6 = y + 6.0; var c7 = y + 7.0;
  for (var i = 0u; i < 4096u; i++) {
    c0 = c0 * x + y;
    c1 = c1 * x + y;
    c2 = c2 * x + y;
    c3 = c3 * x + y;
    c4 = c4 * x + y;
    c5 = c5 * x + y;
    c6 = c6 * x + y;
    c7 = c7 * x + y;
  }
  sums[id.x] = c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7;
}
