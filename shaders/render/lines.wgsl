// Open lines through points that move as in dots.wgsl, with round joints.
//
// from_points, to_points  f32 [lines][nodes][2], in the coordinates of the window
//
// Of each line what lies from params.first to params.last is drawn, counted in nodes.
//
// A rectangle around each segment. Of segments that meet, the nearer one owns a pixel (the earlier
// one if both are as near), so that a line that can be seen through has no darker joints. Neighbours are all that is
// compared: where a line crosses itself or another one it is drawn twice.
// On a GPU expect its vertices to bound it, since segments are a few pixels long: 6 a segment, each reading 4 points.

// @include "common/plot.wgsl"

struct Params {
  window: vec4<f32>,
  color: vec4<f32>,
  size: vec2<f32>,
  width: f32,
  share: f32,
  nodes: u32,
  first: f32,
  last: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> from_points: array<f32>;
@group(0) @binding(2) var<storage, read> to_points: array<f32>;

/// Pixels that are no length.
const TINY = 1e-4;

struct Segment {
  @builtin(position) position: vec4<f32>,
  /// Nodes before the segment, at its ends, and after it, in pixels.
  @location(0) @interpolate(flat) ends: vec4<f32>,
  @location(1) @interpolate(flat) around: vec4<f32>,
  /// Their lengths: 0 where there is no such neighbour.
  @location(2) @interpolate(flat) lengths: vec2<f32>,
}

fn node(i: u32) -> vec2<f32> {
  let start = vec2<f32>(from_points[2u * i], from_points[2u * i + 1u]);
  let end = vec2<f32>(to_points[2u * i], to_points[2u * i + 1u]);
  return pixel_of(start + params.share * (end - start), params.window, params.size);
}

/// The point of the line that begins at node `line`, `along` nodes from there; within the part that is drawn.
fn place_on(line: u32, along: f32) -> vec2<f32> {
  let within = clamp(along, params.first, params.last);
  let k = u32(within);
  let a = node(line + k);
  return a + fract(within) * (node(line + min(k + 1u, params.nodes - 1u)) - a);
}

@vertex
fn vertex(@builtin(vertex_index) index: u32) -> Segment {
  let i = index / SQUARE;
  let begin = floor(params.first);
  let each = u32(ceil(params.last) - begin);
  let line = i / each * params.nodes;
  let along = begin + f32(i % each);
  let a = place_on(line, along);
  let b = place_on(line, along + 1.0);
  let before = place_on(line, along - 1.0);
  let after = place_on(line, along + 2.0);
  var segment: Segment;
  segment.ends = vec4<f32>(a, b);
  segment.around = vec4<f32>(before, after);
  segment.lengths = vec2<f32>(distance(before, a), distance(b, after));
  let long = distance(a, b);
  let ahead = (b - a) / max(long, TINY);
  // Nodes that repeat make no segment.
  let reach = select(0.0, 0.5 * params.width + 1.0, long > TINY);
  let place = corner(index % SQUARE);
  let pixel = 0.5 * (a + b)
    + ahead * place.x * (0.5 * long + reach)
    + vec2<f32>(-ahead.y, ahead.x) * place.y * reach;
  segment.position = clip_of(pixel, params.size);
  return segment;
}

@fragment
fn fragment(segment: Segment) -> @location(0) vec4<f32> {
  let pixel = segment.position.xy;
  let mine = line_distance(pixel, segment.ends.xy, segment.ends.zw);
  let before = line_distance(pixel, segment.around.xy, segment.ends.xy);
  let after = line_distance(pixel, segment.ends.zw, segment.around.zw);
  if (segment.lengths.x > TINY && before <= mine) { discard; }
  if (segment.lengths.y > TINY && after < mine) { discard; }
  let alpha = params.color.a * coverage(0.5 * params.width, mine);
  return vec4<f32>(params.color.rgb * alpha, alpha);
}
