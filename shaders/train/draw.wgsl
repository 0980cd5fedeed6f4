// A training batch from the resident data, with replacement:
//   batch[sample] = rows[floor(word(step, sample) * count / 2^32)]
//
// key    u32 [4]: seed low, seed high, purpose, step        rows  f32 [count][dim]
// state  f32 [samples][dim]: start of the solve
// One invocation per sample. Rows are gathered: bound by latency for small dim, by memory for large.

// @include "common/grid.wgsl"
// @include "common/random.wgsl"

struct Params {
  samples: u32,
  dim: u32,
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> key: array<u32, 4>;
@group(0) @binding(2) var<storage, read> rows: array<f32>;
@group(0) @binding(3) var<storage, read_write> state: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let sample = flat_invocation(group, groups, local, 64u);
  if (sample >= params.samples) { return; }
  let word = random_words(sample / 4u, key[3], key[2], vec2<u32>(key[0], key[1]))[sample % 4u];
  let row = index_from_bits(word, params.count);
  for (var d = 0u; d < params.dim; d++) {
    state[sample * params.dim + d] = rows[row * params.dim + d];
  }
}
