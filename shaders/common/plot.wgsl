// From a window of the plane to a picture, in pixels with y downwards.

/// window: left, bottom, right, top; size: of the picture in pixels.
fn pixel_of(place: vec2<f32>, window: vec4<f32>, size: vec2<f32>) -> vec2<f32> {
  let share = (place - window.xy) / (window.zw - window.xy);
  return vec2<f32>(share.x, 1.0 - share.y) * size;
}

fn clip_of(pixel: vec2<f32>, size: vec2<f32>) -> vec4<f32> {
  let share = pixel / size;
  return vec4<f32>(2.0 * share.x - 1.0, 1.0 - 2.0 * share.y, 0.0, 1.0);
}

/// Vertices of a square: two triangles. All squares of a layer are one list of triangles, not instances of one square:
/// GPUs are slow with instances this small, and emulated ones draw each on its own.
const SQUARE = 6u;

/// Where vertex 0 … 5 of a square around the origin lies; bits of two numbers say right or left, and up or down.
fn corner(vertex: u32) -> vec2<f32> {
  return vec2<f32>(f32((0x32u >> vertex) & 1u), f32((0x2cu >> vertex) & 1u)) * 2.0 - 1.0;
}

/// Distance of a pixel from the straight line between two others.
fn line_distance(pixel: vec2<f32>, start: vec2<f32>, end: vec2<f32>) -> f32 {
  let along = end - start;
  let share = clamp(dot(pixel - start, along) / max(dot(along, along), 1e-12), 0.0, 1.0);
  return length(pixel - start - share * along);
}

/// How much of a pixel lies within `reach` of what is `distance` away, with an edge of one pixel.
fn coverage(reach: f32, distance: f32) -> f32 {
  return clamp(reach + 0.5 - distance, 0.0, 1.0);
}
