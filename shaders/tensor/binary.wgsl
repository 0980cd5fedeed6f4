// result = a OP b, elementwise, with broadcasting: an operand's stride is 0 along an axis where it is repeated.
//
// a, b  any shape of up to 4 axes that broadcasts to the result's      result  extents [e0,e1,e2,e3], f32
// All as vec4 over buffers padded to 16 bytes.
//
// Invocation j owns elements 4j .. 4j + 3 of the result; workgroups of 64 on a folded grid. With BROADCAST = 0 the
// shapes are equal and it is one vec4 operation: bound by memory. Otherwise four gathers per operand, neighbours
// reading neighbours.

// @include "common/grid.wgsl"

// 0 add, 1 subtract, 2 multiply, 3 divide, 4 minimum, 5 maximum: the order of BINARY in src/tensor/elementwise.ts.
// @const OP: u32 = 0
// @const BROADCAST: u32 = 0

struct Params {
  extents: vec4<u32>,
  a_strides: vec4<u32>,
  b_strides: vec4<u32>,
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> result: array<vec4<f32>>;

fn combine(x: vec4<f32>, y: vec4<f32>) -> vec4<f32> {
  if (OP == 0u) { return x + y; }
  if (OP == 1u) { return x - y; }
  if (OP == 2u) { return x * y; }
  if (OP == 3u) { return x / y; }
  if (OP == 4u) { return min(x, y); }
  return max(x, y);
}

// Where element `index` of the result comes from: (place in a, place in b).
fn sources(index: u32) -> vec2<u32> {
  let e = params.extents;
  let rest_3 = index / e.w;
  let rest_2 = rest_3 / e.z;
  let at = vec4<u32>(rest_2 / e.y, rest_2 % e.y, rest_3 % e.z, index % e.w);
  let from_a = at * params.a_strides;
  let from_b = at * params.b_strides;
  return vec2<u32>(from_a.x + from_a.y + from_a.z + from_a.w, from_b.x + from_b.y + from_b.z + from_b.w);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let quad = flat_invocation(group, groups, local, 64u);
  if (quad >= (params.count + 3u) / 4u) { return; }
  if (BROADCAST == 0u) {
    result[quad] = combine(a[quad], b[quad]);
    return;
  }
  var x = vec4<f32>();
  var y = vec4<f32>();
  for (var i = 0u; i < 4u; i++) {
    let place = sources(min(4u * quad + i, params.count - 1u));
    x[i] = a[place.x >> 2u][place.x & 3u];
    y[i] = b[place.y >> 2u][place.y & 3u];
  }
  result[quad] = combine(x, y);
}
