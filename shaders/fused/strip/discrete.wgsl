// The discrete adjoint of a fused solve, in strips, for adapters of 4-wide subgroups: common/fused_discrete_main.wgsl, which names the buffers, over
// common/strip.wgsl. One subgroup a tile, all operands in global memory: see the body for the cost, strip.wgsl for why.

// @include "common/strip_forward.wgsl"
// @include "common/strip_reverse.wgsl"
// @include "common/fused_discrete_main.wgsl"
