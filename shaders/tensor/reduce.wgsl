// One pass of a reduction over the middle axis: each run of at most `run` entries becomes one number, in an order
// that depends on the sizes only (no atomics), so the same input gives the same bits.
//
// x       [outer, n, inner] f32
// result  [outer, chunks, inner] f32, chunks = ceil(n / run); the caller repeats until chunks = 1
//
// columns: an invocation owns one entry of the result and walks along its run with four accumulators, neighbours
//   along inner, so their reads lie together unless inner is tiny. For inner > 1 and for short runs.
// rows: a workgroup owns one entry of the result, its invocations read neighbouring numbers (inner = 1) and are
//   then added as a tree in workgroup memory. For long contiguous runs.
// On a GPU expect rows, and columns of a wide inner axis, to read at the rate of memory where there are thousands of runs;
// fewer, or a tiny inner axis, leave most of it idle.
// Rounding: a sum's relative error to sum |x| is about (run / 4 + 2) u per pass of columns and
// (run / (4 LANES) + log2 LANES + 2) u per pass of rows, u = 2^-24.

// @include "common/grid.wgsl"

// What is accumulated: 0 sum, 1 maximum, 2 sum of squares. FINISH, in the last pass: 0 nothing, 1 divide by
// `divisor` (mean), 2 square root (norm).
// @const OP: u32 = 0
// @const FINISH: u32 = 0
// @const LANES: u32 = 64

struct Params {
  outer: u32,
  n: u32,
  inner: u32,
  run: u32,
  chunks: u32,
  divisor: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

var<workgroup> lane_values: array<f32, LANES>;

fn merge(left: f32, right: f32) -> f32 {
  if (OP == 1u) { return max(left, right); }
  return left + right;
}

fn merge4(left: vec4<f32>, right: vec4<f32>) -> vec4<f32> {
  if (OP == 1u) { return max(left, right); }
  if (OP == 2u) { return left + right * right; }
  return left + right;
}

fn finish(value: f32) -> f32 {
  if (FINISH == 1u) { return value / params.divisor; }
  if (FINISH == 2u) { return sqrt(value); }
  return value;
}

// Entries start, start + step, ... up to `end` along the run, `stride` apart in memory from `at` on: four
// accumulators, then one number. At least one entry.
fn walk(at: u32, stride: u32, start: u32, step: u32, end: u32) -> f32 {
  // A maximum starts from an entry, sums from zero.
  var sums = vec4<f32>();
  if (OP == 1u) { sums = vec4<f32>(x[at + start * stride]); }
  var i = start;
  for (; i + 3u * step < end; i += 4u * step) {
    sums = merge4(sums, vec4<f32>(
      x[at + i * stride],
      x[at + (i + step) * stride],
      x[at + (i + 2u * step) * stride],
      x[at + (i + 3u * step) * stride],
    ));
  }
  for (; i < end; i += step) {
    let value = x[at + i * stride];
    if (OP == 1u) { sums.x = max(sums.x, value); }
    if (OP == 2u) { sums.x += value * value; }
    if (OP == 0u) { sums.x += value; }
  }
  return merge(merge(sums.x, sums.y), merge(sums.z, sums.w));
}

@compute @workgroup_size(64)
fn columns(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let index = flat_invocation(group, groups, local, 64u);
  if (index >= params.outer * params.chunks * params.inner) { return; }
  let place = index % params.inner;
  let chunk = (index / params.inner) % params.chunks;
  let slice = index / (params.inner * params.chunks);
  let start = chunk * params.run;
  let end = min(start + params.run, params.n);
  result[index] = finish(walk(slice * params.n * params.inner + place, params.inner, start, 1u, end));
}

@compute @workgroup_size(LANES)
fn rows(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let index = flat_invocation(group, groups, 0u, 1u);
  // The same for the whole workgroup, so all of it leaves before the barriers or none.
  if (index >= params.outer * params.chunks) { return; }
  let start = (index % params.chunks) * params.run;
  let end = min(start + params.run, params.n);
  // Lanes past the end of a short run repeat its last entry for a maximum and add nothing to a sum.
  var value = 0.0;
  if (OP == 1u || start + local < end) {
    value = walk((index / params.chunks) * params.n, 1u, min(start + local, end - 1u), LANES, end);
  }
  lane_values[local] = value;
  workgroupBarrier();
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    if (local < half) { lane_values[local] = merge(lane_values[local], lane_values[local + half]); }
    // At the end of the body: the race check does not see a barrier that opens a loop.
    workgroupBarrier();
  }
  if (local == 0u) { result[index] = finish(lane_values[0]); }
}
