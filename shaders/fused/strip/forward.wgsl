// A whole solve with fixed steps, in strips, for adapters of 4-wide subgroups: common/fused_forward_main.wgsl, which names the buffers, over
// common/strip.wgsl. One subgroup a tile, all operands in global memory: see the body for the cost, strip.wgsl for why.

// @include "common/strip_forward.wgsl"
// @include "common/fused_forward_main.wgsl"
