// Sums of squares of the gradient, a workgroup's share each:  partial[g] = sum over its entries of theta_bar^2
//
// theta_bar  f32 [count]        partial  f32 [workgroups]
// Workgroups of 128, each strided over all entries, then a tree in fixed order. Bound by memory.

struct Params {
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> theta_bar: array<f32>;
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;

var<workgroup> sums: array<f32, 128>;

@compute @workgroup_size(128)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  var sum = 0.0;
  for (var i = group.x * 128u + local; i < params.count; i += groups.x * 128u) {
    sum += theta_bar[i] * theta_bar[i];
  }
  sums[local] = sum;
  for (var half = 64u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) { sums[local] += sums[local + half]; }
  }
  if (local == 0u) { partial[group.x] = sums[0]; }
}
