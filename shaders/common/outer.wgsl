// x u^T: column i is u_i x.
fn outer(x: vec4<f32>, u: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(u.x * x, u.y * x, u.z * x, u.w * x);
}
