// result = sigma(x), sigma'(x), sigma''(x) or d sigma / d beta, elementwise, for the activations of
// common/activation.wgsl.
//
// x, result  [count] f32, as vec4 over buffers padded to 16 bytes      beta  [1] f32, read by swish
//
// Invocation j owns elements 4j .. 4j + 3; workgroups of 64 on a folded grid. beta is read from memory, because it
// may be a parameter that a kernel has just updated. On a GPU expect the rate of memory, 8 bytes an element: one vec4 in and
// one out, with some tens of operations in between.

// @include "common/grid.wgsl"
// @include "common/activation.wgsl"

// 0, 1, 2: that derivative with respect to x; 3: the derivative with respect to beta.
// @const DERIVATIVE: u32 = 0

struct Params {
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> beta: array<f32>;
@group(0) @binding(3) var<storage, read_write> result: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let quad = flat_invocation(group, groups, local, 64u);
  if (quad >= (params.count + 3u) / 4u) { return; }
  let u = x[quad];
  if (DERIVATIVE == 0u) {
    result[quad] = activate(u, beta[0]);
  } else if (DERIVATIVE == 1u) {
    result[quad] = activate_d1(u, activate(u, beta[0]), beta[0]);
  } else if (DERIVATIVE == 2u) {
    result[quad] = activate_d2(u, activate(u, beta[0]), beta[0]);
  } else {
    result[quad] = swish_beta_value(u, beta[0], vec4<f32>(1.0));
  }
}
