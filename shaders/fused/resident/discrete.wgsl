// The discrete adjoint of a fused solve, with resident weights, for processors that emulate a GPU:
// common/fused_discrete_main.wgsl, which names the buffers, over common/resident.wgsl. One subgroup a tile of 4 samples; see there
// for the cost, and for the functions that src/ode/unrolled.ts writes.

// @include "common/resident_reverse.wgsl"
// @include "common/fused_discrete_main.wgsl"
