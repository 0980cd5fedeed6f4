// Adam (arXiv:1412.6980) and AdamW (arXiv:1711.05101), with the exponential average of the parameters:
//   g = clip theta_bar (+ decay theta, Adam's L2)      m = b1 m + (1 - b1) g      v = b2 v + (1 - b2) g^2
//   theta -= rate (m / (1 - b1^n)) / (sqrt(v / (1 - b2^n)) + epsilon) (+ rate decay theta, AdamW)
//   average = e average + (1 - e) theta
// Rate and bias corrections come from a table that the CPU fills in float64: the powers lose digits in f32.
//
// state    the run; nothing changes unless its step counts
// table    vec4 [slots]: rate, 1 - b1^n, 1 - b2^n of step n - 1 at (n - 1) % slots
// theta, theta_bar, m, v, average   f32 [count]
// One invocation per parameter. Bound by memory.

// @include "common/grid.wgsl"
// @include "common/train_state.wgsl"
// @const AVERAGE: u32 = 0
// @const DECOUPLED: u32 = 0

struct Params {
  count: u32,
  decayed: u32,     // entries that weight decay applies to (not the end time)
  slots: u32,
  beta1: f32,
  beta2: f32,
  rest1: f32,       // 1 - b1 and 1 - b2, rounded once (in f32 the difference keeps 4 digits of 1 - 0.999)
  rest2: f32,
  epsilon: f32,
  decay: f32,
  average: f32,     // e
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> state: TrainState;
@group(0) @binding(2) var<storage, read> table: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> theta_bar: array<f32>;
@group(0) @binding(4) var<storage, read_write> theta: array<f32>;
@group(0) @binding(5) var<storage, read_write> m: array<f32>;
@group(0) @binding(6) var<storage, read_write> v: array<f32>;
@group(0) @binding(7) var<storage, read_write> average: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let i = flat_invocation(group, groups, local, 64u);
  if (state.go == 0u || i >= params.count) { return; }
  let row = table[state.current % params.slots];
  let decay = select(0.0, params.decay, i < params.decayed);
  let before = theta[i];
  var g = state.clip * theta_bar[i];
  if (DECOUPLED == 0u) { g += decay * before; }
  let m_next = params.beta1 * m[i] + params.rest1 * g;
  let v_next = params.beta2 * v[i] + params.rest2 * g * g;
  m[i] = m_next;
  v[i] = v_next;
  var after = before - row.x * (m_next / row.y) / (sqrt(v_next / row.z) + params.epsilon);
  if (DECOUPLED == 1u) { after -= row.x * decay * before; }
  theta[i] = after;
  if (AVERAGE == 1u) { average[i] = params.average * average[i] + (1.0 - params.average) * after; }
}
