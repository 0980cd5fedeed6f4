// A whole solve with adaptive steps, with resident weights, for processors that emulate a GPU:
// common/fused_adaptive_main.wgsl, which names the buffers, over common/resident.wgsl. One subgroup a tile of 4 samples, which
// choose their steps together; see there for the cost, and for the functions that src/ode/unrolled.ts writes.

// @include "common/resident.wgsl"
// @include "common/fused_adaptive_main.wgsl"

// There is no way back.
fn begin_reverse() {}
