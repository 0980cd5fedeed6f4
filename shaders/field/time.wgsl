// Time vectors of all layers of an MLP field, once per evaluation: the batch shares t, so this is per column.
//   t = control.t + c h
//   gated   s = sigmoid(g t + k),  c = s b + w t     (squash: w = 0; concatsquash)
//   else    s = 1,                 c = b + w t       (ignore: w = 0; concat, concat_v2)
// Every layer is then u = s * (W x) + c (see the layer table of the CNF papers: FFJORD, arXiv:1810.01367).
//
// control  the solve's control block
// packed   vec4; b, w, g, k stand one after the other at `vectors`, each V = sum of padded widths
// times    vec4 [2][V]: s, then c
// One invocation per 4 columns. A few hundred invocations: latency-bound on any GPU.

// @include "common/control.wgsl"
// @include "common/math.wgsl"

struct Params {
  columns4: u32,   // V / 4
  vectors4: u32,   // where the vectors start in `packed`, in vec4
  gated: u32,
  c: f32,          // abscissa of the stage
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: Control;
@group(0) @binding(2) var<storage, read> packed: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> times: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let v = id.x;
  if (control.done != 0u || v >= params.columns4) { return; }
  let t = control.t + params.c * control.h;
  let at = params.vectors4 + v;
  let bias = packed[at];
  let drift = t * packed[at + params.columns4];
  if (params.gated != 0u) {
    let gate = sigmoid4(t * packed[at + 2u * params.columns4] + packed[at + 3u * params.columns4]);
    times[v] = gate;
    times[params.columns4 + v] = gate * bias + drift;
  } else {
    times[v] = vec4<f32>(1.0);
    times[params.columns4 + v] = bias + drift;
  }
}
