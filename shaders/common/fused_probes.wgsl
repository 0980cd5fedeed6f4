// Probes of the batch, e = sample LD4 + d4 of a tile. A kernel that includes this declares probes, vec4 [k][sample][LD4].

// @include "common/fused.wgsl"

// Where an invocation has one sample of a tile, and there is one probe, it keeps it for the whole solve.
const OWN_PROBE: bool = OWN_ROWS && SLOTS == 2u;

var<private> own_probe: vec4<f32>;

fn load_probe(tile: u32, slot: u32, e: u32) -> vec4<f32> {
  return probes[((slot - 1u) * params.samples + sample_of(tile, e / LD4)) * LD4 + e % LD4];
}

// At the beginning of a tile.
fn take_probe(tile: u32, local: u32) {
  if (OWN_PROBE) { own_probe = load_probe(tile, 1u, local); }
}

fn probe_at(tile: u32, slot: u32, e: u32) -> vec4<f32> {
  if (OWN_PROBE) { return own_probe; }
  return load_probe(tile, slot, e);
}
