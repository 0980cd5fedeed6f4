// A whole solve with fixed steps, in blocks, for GPUs: common/fused_forward_main.wgsl, which names the buffers, over
// common/block.wgsl. What to expect of a GPU stands with the body.

// @include "common/block_forward.wgsl"
// @include "common/fused_forward_main.wgsl"
