// Discs at points that lie on the straight line between two places: from + share (to - from).
//
// from_points, to_points  f32 [n][2], in the coordinates of the window
// colors                  f32 [k][3] in [0, 1]       color_of  f32 [n], rows of colors
//
// A square per disc; the fragment's distance from the middle smooths the edge.
// With hues = 0 every disc has params.color. The result is premultiplied by its opacity.
// On a GPU expect the blending of pixels to bound it: discs that overlap are drawn over each other.

// @include "common/plot.wgsl"

struct Params {
  window: vec4<f32>,
  color: vec4<f32>,
  size: vec2<f32>,
  radius: f32,
  share: f32,
  hues: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> from_points: array<f32>;
@group(0) @binding(2) var<storage, read> to_points: array<f32>;
@group(0) @binding(3) var<storage, read> colors: array<f32>;
@group(0) @binding(4) var<storage, read> color_of: array<f32>;

struct Disc {
  @builtin(position) position: vec4<f32>,
  @location(0) offset: vec2<f32>,
  @location(1) @interpolate(flat) color: vec4<f32>,
}

@vertex
fn vertex(@builtin(vertex_index) index: u32) -> Disc {
  let i = index / SQUARE;
  let start = vec2<f32>(from_points[2u * i], from_points[2u * i + 1u]);
  let end = vec2<f32>(to_points[2u * i], to_points[2u * i + 1u]);
  let middle = pixel_of(start + params.share * (end - start), params.window, params.size);
  var disc: Disc;
  disc.offset = corner(index % SQUARE) * (params.radius + 1.0);
  disc.position = clip_of(middle + disc.offset, params.size);
  disc.color = params.color;
  if (params.hues > 0u) {
    let at = 3u * min(u32(color_of[i]), params.hues - 1u);
    disc.color = vec4<f32>(colors[at], colors[at + 1u], colors[at + 2u], params.color.a);
  }
  return disc;
}

@fragment
fn fragment(disc: Disc) -> @location(0) vec4<f32> {
  let alpha = disc.color.a * coverage(params.radius, length(disc.offset));
  return vec4<f32>(disc.color.rgb * alpha, alpha);
}
