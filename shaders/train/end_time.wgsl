// The trainable end of the interval, T = tau^2 with tau the entry after theta (FFJORD's sqrt_end_time):
//   set_interval   interval = (0, tau^2) before a solve
//   gradient       tau_bar = 2 tau dL/dT after it, next to theta_bar
//
// theta      f32 [P + 1]        interval  f32 [2]        interval_bar  f32 [2]: dL/dt0, dL/dt1
// theta_bar  f32 [P + 2]: entry P is overwritten (the sum that stood there has been used)
// One invocation: on a GPU expect a launch, some microseconds, and nothing else.

struct Params {
  parameters: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> theta: array<f32>;
@group(0) @binding(2) var<storage, read_write> interval: array<f32>;
@group(0) @binding(3) var<storage, read> interval_bar: array<f32>;
@group(0) @binding(4) var<storage, read_write> theta_bar: array<f32>;

@compute @workgroup_size(1)
fn set_interval() {
  let tau = theta[params.parameters];
  interval[0] = 0.0;
  interval[1] = tau * tau;
}

@compute @workgroup_size(1)
fn gradient() {
  theta_bar[params.parameters] = 2.0 * theta[params.parameters] * interval_bar[1];
}
