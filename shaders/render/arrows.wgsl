// A vector field as arrows around the centres of cells: v = scale (from + share (to - from)).
//
// from_field, to_field  f32 [rows][columns][2], row 0 at the top of the window
//
// A square around each arrow. Its fragments take the nearest of shaft and two barbs, so that an arrow
// that can be seen through is of one colour. Short arrows have short barbs, and the shortest are dots.
// On a GPU expect some hundred squares of a few hundred pixels to take far less than a frame.

// @include "common/plot.wgsl"

struct Params {
  window: vec4<f32>,
  color: vec4<f32>,
  size: vec2<f32>,
  width: f32,
  share: f32,
  /// Coordinates of the window per unit of the field.
  scale: f32,
  /// Longest barb, pixels.
  head: f32,
  rows: u32,
  columns: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> from_field: array<f32>;
@group(0) @binding(2) var<storage, read> to_field: array<f32>;

// Barbs lean back by 2.6 radians: its cosine and sine.
const LEAN = vec2<f32>(-0.8568888, 0.5155014);

struct Arrow {
  @builtin(position) position: vec4<f32>,
  @location(0) @interpolate(flat) ends: vec4<f32>,
}

@vertex
fn vertex(@builtin(vertex_index) index: u32) -> Arrow {
  let i = index / SQUARE;
  let start = vec2<f32>(from_field[2u * i], from_field[2u * i + 1u]);
  let end = vec2<f32>(to_field[2u * i], to_field[2u * i + 1u]);
  let half = 0.5 * params.scale * (start + params.share * (end - start));
  let share = (vec2<f32>(f32(i % params.columns), f32(i / params.columns)) + 0.5)
    / vec2<f32>(f32(params.columns), f32(params.rows));
  let middle = vec2<f32>(
    mix(params.window.x, params.window.z, share.x),
    mix(params.window.w, params.window.y, share.y),
  );
  let tail = pixel_of(middle - half, params.window, params.size);
  let tip = pixel_of(middle + half, params.window, params.size);
  var arrow: Arrow;
  arrow.ends = vec4<f32>(tail, tip);
  let reach = 0.5 * length(tip - tail) + params.head + params.width;
  arrow.position = clip_of(0.5 * (tail + tip) + corner(index % SQUARE) * reach, params.size);
  return arrow;
}

@fragment
fn fragment(arrow: Arrow) -> @location(0) vec4<f32> {
  let pixel = arrow.position.xy;
  let tail = arrow.ends.xy;
  let tip = arrow.ends.zw;
  let long = length(tip - tail);
  let ahead = (tip - tail) / max(long, 1e-6) * min(params.head, 0.45 * long);
  let aside = vec2<f32>(-ahead.y, ahead.x) * LEAN.y;
  let back = tip + ahead * LEAN.x;
  let shaft = line_distance(pixel, tail, tip);
  let barbs = min(line_distance(pixel, tip, back + aside), line_distance(pixel, tip, back - aside));
  let alpha = params.color.a * coverage(0.5 * params.width, min(shaft, barbs));
  return vec4<f32>(params.color.rgb * alpha, alpha);
}
