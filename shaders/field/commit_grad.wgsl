// The parameter gradient of a tentative step joins the sums when the step is accepted:
//   partial[i] += partial[length + i]
//
// control  the solve's control block        partial  f32 [2][length]: sums, then the step under way
// One invocation per vec4. Bound by memory.

// @include "common/control.wgsl"
// @include "common/grid.wgsl"

struct Params {
  length4: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: Control;
@group(0) @binding(2) var<storage, read_write> partial: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let i = flat_invocation(group, groups, local, 64u);
  if (control.accepted_now == 0u || i >= params.length4) { return; }
  partial[i] += partial[params.length4 + i];
}
