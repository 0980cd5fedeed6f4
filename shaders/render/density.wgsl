// What the pictures of a log-density on a grid need of it:
//   values = from + share (to - from)          log p, nats; between two densities their geometric mean
//   shown  = exp(values - max) or, with range > 0, 1 + (values - max) / range, in [0, 1]
//   facts  = max, then for up to four shares the level above which lies that share of the grid's mass
//
// from_grid, to_grid, values, shown  f32 [cells]       facts  f32 [8]
//
// One workgroup walks the grid: a picture has a few tens of thousands of cells, and all but one of its passes read
// what the caches still hold. The levels come by halving an interval of 64 nats below the maximum: after 26 halvings
// it is as short as f32 can tell at such values. On a GPU expect milliseconds, as one core of it works: thirty passes over
// the cells one after another, and barriers between.

struct Params {
  shares: vec4<f32>,
  cells: u32,
  share: f32,
  range: f32,
  /// How many of the shares are asked for.
  levels: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> from_grid: array<f32>;
@group(0) @binding(2) var<storage, read> to_grid: array<f32>;
@group(0) @binding(3) var<storage, read_write> values: array<f32>;
@group(0) @binding(4) var<storage, read_write> shown: array<f32>;
@group(0) @binding(5) var<storage, read_write> facts: array<f32>;

const SIZE = 256u;
const DEPTH = 64.0;
const HALVINGS = 26u;

var<workgroup> parts: array<vec4<f32>, 256>;

/// Sum (or maximum) of everybody's part, in a fixed order.
fn gathered(local: u32, mine: vec4<f32>, isMaximum: bool) -> vec4<f32> {
  parts[local] = mine;
  workgroupBarrier();
  for (var reach = SIZE / 2u; reach > 0u; reach /= 2u) {
    if (local < reach) {
      let other = parts[local + reach];
      parts[local] = select(parts[local] + other, max(parts[local], other), isMaximum);
    }
    workgroupBarrier();
  }
  let result = parts[0];
  workgroupBarrier();
  return result;
}

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) local: u32) {
  var highest = -3.4e38;
  for (var i = local; i < params.cells; i += SIZE) {
    let value = from_grid[i] + params.share * (to_grid[i] - from_grid[i]);
    values[i] = value;
    highest = max(highest, value);
  }
  let peak = gathered(local, vec4<f32>(highest), true).x;
  var mass = 0.0;
  for (var i = local; i < params.cells; i += SIZE) {
    let below = values[i] - peak;
    let portion = exp(below);
    mass += portion;
    shown[i] = clamp(select(portion, 1.0 + below / max(params.range, 1e-6), params.range > 0.0), 0.0, 1.0);
  }
  var low = vec4<f32>(peak - DEPTH);
  if (params.levels > 0u) {
    let wanted = params.shares * gathered(local, vec4<f32>(mass), false).x;
    var reach = DEPTH;
    for (var halving = 0u; halving < HALVINGS; halving++) {
      reach *= 0.5;
      let level = low + reach;
      var above = vec4<f32>(0.0);
      for (var i = local; i < params.cells; i += SIZE) {
        let value = values[i];
        above += select(vec4<f32>(0.0), vec4<f32>(exp(value - peak)), vec4<f32>(value) >= level);
      }
      low = select(low, level, gathered(local, above, false) > wanted);
    }
  }
  if (local == 0u) {
    facts[0] = peak;
    facts[1] = low.x;
    facts[2] = low.y;
    facts[3] = low.z;
    facts[4] = low.w;
  }
}
