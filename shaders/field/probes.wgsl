// Fills the K probe planes of a solve; they stay as they are until it ends.
//   KIND 0  unit vectors e_k (exact trace, K = D)      KIND 1  Rademacher, +-1
//   KIND 2  standard normal                            entry (k, sample, d) is element (sample K + k) D + d of
// the Philox stream (seed, purpose, step), so a sample's probes do not depend on the batch around it.
//
// key     u32 [4]: seed low, seed high, purpose, step (on the GPU: the step counter is there)
// acts    f32; planes at probe_at as [k][sample][ld], padding left at zero
// normal_table  vec4<i32> [512], read for KIND 2
// One invocation per entry: ten Philox rounds each, four times more than needed, for independence of the layout.
// On a GPU expect integer arithmetic to bound it, and a launch to cost more below some 100,000 entries.

// @include "common/grid.wgsl"
// @include "common/random.wgsl"
// @include "common/normal.wgsl"
// @const KIND: u32 = 0

struct Params {
  samples: u32,
  probes: u32,
  dim: u32,
  ld: u32,
  probe_at: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> key: array<u32, 4>;
@group(0) @binding(2) var<storage, read_write> acts: array<f32>;
@group(0) @binding(3) var<storage, read> normal_table: array<vec4<i32>>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let element = flat_invocation(group, groups, local, 64u);
  if (element >= params.samples * params.probes * params.dim) { return; }
  let d = element % params.dim;
  let k = (element / params.dim) % params.probes;
  let sample = element / (params.dim * params.probes);
  var value = select(0.0, 1.0, k == d);
  if (KIND != 0u) {
    let word = random_words(element / 4u, key[3], key[2], vec2<u32>(key[0], key[1]))[element % 4u];
    if (KIND == 1u) {
      value = rademacher_from_bits(word);
    } else {
      value = normal_from_bits(word, normal_table[normal_segment(word)]);
    }
  }
  acts[params.probe_at + (k * params.samples + sample) * params.ld + d] = value;
}
