// One step of flow matching, in blocks, for GPUs: common/fused_match_main.wgsl, which names the buffers, over
// common/block.wgsl. Expect a third to a half of the peak of a GPU from some hundred tiles on: see the body for the cost.

// @include "common/block_forward.wgsl"
// @include "common/block_reverse.wgsl"
// @include "common/fused_match_main.wgsl"
