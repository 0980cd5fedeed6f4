// A whole solve with adaptive steps, in strips, for adapters of 4-wide subgroups: common/fused_adaptive_main.wgsl, which names the buffers, over
// common/strip.wgsl. One subgroup a tile, all operands in global memory: see the body for the cost, strip.wgsl for why.

// @include "common/strip_forward.wgsl"
// @include "common/fused_adaptive_main.wgsl"
