// Gradients with respect to the ends of the interval, from the sums that the adjoint left:
//   dL/dt1 = sum_samples end_bar + S_tau,    dL/dt0 = -dL/dt1 + S_1
// (S_tau, S_1: explicit time of the field, weighted by tau and by 1; the last two entries of theta_bar).
//
// end_bar   f32 [samples]       theta_bar  f32 [P + 2]       interval_bar  f32 [2]: dL/dt0, dL/dt1
// One workgroup of 128, strided loop and tree in fixed order. Latency only.

struct Params {
  samples: u32,
  parameters: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> end_bar: array<f32>;
@group(0) @binding(2) var<storage, read> theta_bar: array<f32>;
@group(0) @binding(3) var<storage, read_write> interval_bar: array<f32>;

var<workgroup> sums: array<f32, 128>;

@compute @workgroup_size(128)
fn main(@builtin(local_invocation_index) local: u32) {
  var sum = 0.0;
  for (var i = local; i < params.samples; i += 128u) { sum += end_bar[i]; }
  sums[local] = sum;
  for (var half = 64u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) { sums[local] += sums[local + half]; }
  }
  if (local == 0u) {
    let end = sums[0] + theta_bar[params.parameters];
    interval_bar[0] = theta_bar[params.parameters + 1u] - end;
    interval_bar[1] = end;
  }
}
