// Up to four level lines of a grid over the picture. Between four centres of cells the values are bilinear, and a
// pixel's distance from a line is |value - level| / |gradient|, which is exact where the value is linear.
//
// values  f32 [side][side], row 0 at the top       facts  f32 [8], levels from 1 on (see density.wgsl)
//
// One triangle over everything. Outside the outermost centres there is nothing to draw, as for marching squares. A pixel
// reads four values, which lie in the caches: on a GPU expect the rate at which it fills pixels to bound it.

// @include "common/plot.wgsl"

struct Params {
  color: vec4<f32>,
  /// Of each level.
  alphas: vec4<f32>,
  size: vec2<f32>,
  width: f32,
  side: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read> facts: array<f32>;

@vertex
fn vertex(@builtin(vertex_index) index: u32) -> @builtin(position) vec4<f32> {
  return vec4<f32>(f32(index & 1u) * 4.0 - 1.0, f32(index >> 1u) * 4.0 - 1.0, 0.0, 1.0);
}

@fragment
fn fragment(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
  let scale = f32(params.side) / params.size;
  let place = position.xy * scale - 0.5;
  let last = f32(params.side) - 1.0;
  if (any(place < vec2<f32>(0.0)) || any(place > vec2<f32>(last)) || params.side < 2u) { discard; }
  let cell = min(floor(place), vec2<f32>(last - 1.0));
  let at = u32(cell.y) * params.side + u32(cell.x);
  let x = place.x - cell.x;
  let y = place.y - cell.y;
  let top = vec2<f32>(values[at], values[at + 1u]);
  let bottom = vec2<f32>(values[at + params.side], values[at + params.side + 1u]);
  let value = mix(mix(top.x, top.y, x), mix(bottom.x, bottom.y, x), y);
  let slope = vec2<f32>(mix(top.y - top.x, bottom.y - bottom.x, y), mix(bottom.x - top.x, bottom.y - top.y, x));
  let steepness = max(length(slope * scale), 1e-9);
  var result = vec4<f32>(0.0);
  for (var i = 0u; i < 4u; i++) {
    let distance = abs(value - facts[1u + i]) / steepness;
    let alpha = params.color.a * params.alphas[i] * coverage(0.5 * params.width, distance);
    result = vec4<f32>(params.color.rgb * alpha, alpha) + (1.0 - alpha) * result;
  }
  return result;
}
