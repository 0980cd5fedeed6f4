// A field written by the user, value and tangents:  y = field(t, z),  y'_m = field_tangent(t, z, z'_m).
// The user's text goes in at the mark below; it sees `State` (array<f32, DIM>), `p(i)`, its parameters,
// and the functions of common/math.wgsl. (The placeholder reads p so that reflection lists its binding.)
//
// control  the solve's control block          values  f32 [parameters]
// point    f32: z at 0 as [sample][ld], tangents as further planes        derivative  likewise
// One invocation per sample: registers only, bound by what the user computes.

// @include "common/control.wgsl"
// @include "common/grid.wgsl"
// @include "common/math.wgsl"
// @const DIM: u32 = 1
// @const TANGENTS: u32 = 0

struct Params {
  samples: u32,
  tangents: u32,
  ld: u32,
  c: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: Control;
@group(0) @binding(2) var<storage, read> values: array<f32>;
@group(0) @binding(3) var<storage, read> point: array<f32>;
@group(0) @binding(4) var<storage, read_write> derivative: array<f32>;

alias State = array<f32, DIM>;

fn p(i: u32) -> f32 {
  return values[i];
}

// The user's functions replace these two (src/field/wgsl-program.ts).
fn field(t: f32, z: State) -> State { var y = z; y[0] *= p(0); return y; }
fn field_tangent(t: f32, z: State, v: State) -> State { return v; }

fn load(at: u32) -> State {
  var z: State;
  for (var d = 0u; d < DIM; d++) { z[d] = point[at + d]; }
  return z;
}

fn store(at: u32, y: State) {
  for (var d = 0u; d < DIM; d++) { derivative[at + d] = y[d]; }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let sample = flat_invocation(group, groups, local, 64u);
  if (control.done != 0u || sample >= params.samples) { return; }
  let t = control.t + params.c * control.h;
  let at = sample * params.ld;
  let z = load(at);
  store(at, field(t, z));
  if (TANGENTS == 1u) {
    for (var m = 1u; m <= params.tangents; m++) {
      let tangent_at = m * params.samples * params.ld + at;
      store(tangent_at, field_tangent(t, z, load(tangent_at)));
    }
  }
}
