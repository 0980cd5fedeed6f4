// A whole solve with fixed steps, with resident weights, for processors that emulate a GPU:
// common/fused_forward_main.wgsl, which names the buffers, over common/resident.wgsl. One subgroup a tile of 4 samples; see there
// for the cost, and for the functions that src/ode/unrolled.ts writes.

// @include "common/resident.wgsl"
// @include "common/fused_forward_main.wgsl"

// There is no way back.
fn begin_reverse() {}
