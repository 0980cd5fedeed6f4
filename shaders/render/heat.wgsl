// A grid of numbers in [0, 1] as colours that cover the picture, smoothed between the centres of cells by the cubic
// filter of D. P. Mitchell and A. N. Netravali (SIGGRAPH 1988, B = C = 1/3), which browsers enlarge images with.
//
// shown   f32 [side][side], row 0 at the top            colors  f32 [k][3] in [0, 1], straight lines in between
//
// Three vertices, one triangle over everything; a fragment reads the 16 cells around it,
// and neighbours the same ones. On a GPU expect those reads, out of its caches, to bound it: well below a frame's time.

struct Params {
  size: vec2<f32>,
  alpha: f32,
  side: u32,
  hues: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> shown: array<f32>;
@group(0) @binding(2) var<storage, read> colors: array<f32>;

@vertex
fn vertex(@builtin(vertex_index) index: u32) -> @builtin(position) vec4<f32> {
  return vec4<f32>(f32(index & 1u) * 4.0 - 1.0, f32(index >> 1u) * 4.0 - 1.0, 0.0, 1.0);
}

/// Weights of the cells at -1, 0, 1 and 2 for a place at x in [0, 1).
fn weights(x: f32) -> vec4<f32> {
  let far = vec4<f32>(1.0 + x, x, 1.0 - x, 2.0 - x);
  let inner = (7.0 * far - 12.0) * far * far + 16.0 / 3.0;
  let outer = ((-7.0 / 3.0 * far + 12.0) * far - 20.0) * far + 32.0 / 3.0;
  return vec4<f32>(outer.x, inner.y, inner.z, outer.w) / 6.0;
}

fn row(at: i32, columns: vec4<i32>, across: vec4<f32>) -> f32 {
  let first = clamp(at, 0, i32(params.side) - 1) * i32(params.side);
  let cells = vec4<f32>(
    shown[first + columns.x], shown[first + columns.y], shown[first + columns.z], shown[first + columns.w],
  );
  return dot(cells, across);
}

fn hue(at: u32) -> vec3<f32> {
  return vec3<f32>(colors[3u * at], colors[3u * at + 1u], colors[3u * at + 2u]);
}

@fragment
fn fragment(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
  let place = position.xy / params.size * f32(params.side) - 0.5;
  let cell = floor(place);
  let across = weights(place.x - cell.x);
  let down = weights(place.y - cell.y);
  let columns = clamp(vec4<i32>(i32(cell.x)) + vec4<i32>(-1, 0, 1, 2), vec4<i32>(0), vec4<i32>(i32(params.side) - 1));
  let top = i32(cell.y);
  let rows = vec4<f32>(
    row(top - 1, columns, across), row(top, columns, across),
    row(top + 1, columns, across), row(top + 2, columns, across),
  );
  let level = clamp(dot(rows, down), 0.0, 1.0) * f32(params.hues - 1u);
  let below = min(u32(level), params.hues - 1u);
  let above = min(below + 1u, params.hues - 1u);
  return vec4<f32>(mix(hue(below), hue(above), level - f32(below)) * params.alpha, params.alpha);
}
