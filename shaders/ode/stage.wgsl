// Start of a Runge-Kutta stage: take in the derivative of the stage before, form this stage's point.
//   Z_i = z_n + h sum_{j < i} a_ij k_j
//
// control     the solve's control block
// state       f32 [N]: planes x samples x dim, dense, then Delta [samples]
// k           f32 [stages][N_aligned]: derivatives; a stage's Delta part was written by the trace kernel
// derivative  f32: where the field left dz/dt of stage i - 1, rows of `ld`, planes `from_plane` apart
// point       f32: where the field wants Z_i, likewise
// kept        f32 [step][stages][N_z]: Z_i of every step for the discrete adjoint (KEEP = 1)
// One invocation per entry of the state without Delta. Bound by memory; reads are coalesced.

// @include "common/control.wgsl"
// @include "common/grid.wgsl"
// @const KEEP: u32 = 0

struct Params {
  count: u32,         // N_z = planes * samples * dim
  plane: u32,         // samples * dim
  dim: u32,
  ld: u32,
  stage: u32,
  stages: u32,
  k_stride: u32,      // N_aligned
  from_plane: u32,
  to_plane: u32,
  store_point: u32,   // 0: only take the derivative in (end of a step)
  keep_capacity: u32, // steps there is room for
  absorb: u32,        // 0: the derivative of stage - 1 stands in k already (first same as last)
  a: array<vec4<f32>, 4>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: Control;
@group(0) @binding(2) var<storage, read> state: array<f32>;
@group(0) @binding(3) var<storage, read_write> k: array<f32>;
@group(0) @binding(4) var<storage, read_write> derivative: array<f32>;
@group(0) @binding(5) var<storage, read_write> point: array<f32>;
@group(0) @binding(6) var<storage, read_write> kept: array<f32>;

fn coefficient(j: u32) -> f32 {
  return params.a[j / 4u][j % 4u];
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let e = flat_invocation(group, groups, local, 64u);
  if (control.done != 0u || e >= params.count) { return; }
  let plane = e / params.plane;
  let row = (e % params.plane) / params.dim;
  let at = row * params.ld + e % params.dim;
  var sum = 0.0;
  for (var j = 0u; j < params.stage; j++) {
    var kj: f32;
    if (params.absorb != 0u && j + 1u == params.stage) {
      kj = derivative[plane * params.from_plane + at];
      k[j * params.k_stride + e] = kj;
    } else {
      kj = k[j * params.k_stride + e];
    }
    sum += coefficient(j) * kj;
  }
  if (params.store_point == 0u) { return; }
  let z = state[e] + control.h * sum;
  point[plane * params.to_plane + at] = z;
  if (KEEP == 1u && control.accepted < params.keep_capacity) {
    kept[(control.accepted * params.stages + params.stage) * params.count + e] = z;
  }
}
