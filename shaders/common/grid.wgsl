// Flat index of an invocation on a grid folded into two dimensions.
// A dispatch holds at most 65,535 workgroups along x, so a longer one is sent as (groups.x, groups.y) and
// unfolded here. Arguments: @builtin(workgroup_id), @builtin(num_workgroups),
// @builtin(local_invocation_index), and the invocations of a workgroup. The last row may reach past the end:
// the caller compares the result with its count.
fn flat_invocation(group: vec3<u32>, groups: vec3<u32>, local: u32, size: u32) -> u32 {
  return (group.x + group.y * groups.x) * size + local;
}
