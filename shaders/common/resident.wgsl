// The fused kernels with resident weights, for processors that emulate a GPU with subgroups of 4: an invocation keeps its
// share of all weights in private memory for as long as the kernel runs, at places that are known when it is compiled.
// There a component of a load costs some ninety instructions and a multiply-add of private numbers three to eight
// (SwiftShader's code for x86), so nothing is loaded within an evaluation but a sample's point, and nothing stored but f
// and J e_k. On a GPU this much private memory would leave the chip: it is never chosen there.
//
// A workgroup is one subgroup, a tile 4 samples, of each lane one. An invocation owns the vec4 columns lane, lane + 4, ... of
// every layer, OWN at most; activations reach the other lanes by swaps within the quad. The reverse sweep needs no transposed
// weights: an invocation's share of W^T u is summed over the lanes. Gradients stay in private memory, too, until the kernel
// ends. The samples of a tile go through a wide layer one after the other, in a loop whose code stays in the instruction
// cache; of narrow layers each is written out (src/ode/unrolled-queue.ts and unrolled-straight.ts).
//
// Places are known because src/ode/unrolled.ts writes the functions named unrolled_*, layer by layer, in place of those
// below: WGSL has no loop that a compiler must unroll.

// @enable subgroups
// @include "common/activation.wgsl"
// @include "common/fused.wgsl"
// @const OWN: u32 = 1
// @const WEIGHTS: u32 = 1
// @const PACKED4: u32 = 1

// Of a fixed size: the length of an array that has none is a division at every access.
@group(0) @binding(1) var<storage, read> packed: array<vec4<f32>, PACKED4>;

const SPAN: u32 = TILE * SLOTS * OWN;
const COLUMNS: u32 = LAYERS * OWN;

// Own rows of weights, layer after layer: [input][own column] of all layers but the last, [own input] of that one.
var<private> w: array<vec4<f32>, WEIGHTS>;
// The vectors b, w, g and k of own columns, and gain and offset at the time set, as [layer][own column].
var<private> bias: array<vec4<f32>, COLUMNS>;
var<private> drift: array<vec4<f32>, COLUMNS>;
var<private> gate: array<vec4<f32>, COLUMNS>;
var<private> gate_bias: array<vec4<f32>, COLUMNS>;
var<private> gain: array<vec4<f32>, COLUMNS>;
var<private> offset: array<vec4<f32>, COLUMNS>;
// What goes from layer to layer, as [sample][slot][own column]; of wide layers a queue, whose front is at hand. Then the product
// of one slot.
var<private> queue: array<vec4<f32>, SPAN>;
var<private> sums: array<vec4<f32>, OWN>;
// On the way back a lane's share of the cotangent of a layer's input, in the order of the weights.
var<private> wide: array<vec4<f32>, 4u * OWN>;
// An invocation's own sample: points and probes, f and J e_k, by slot.
var<private> points: array<vec4<f32>, SLOTS>;
var<private> results: array<vec4<f32>, SLOTS>;
// sigma' of the columns of the sample at hand, or of all samples.
var<private> slope: array<vec4<f32>, TILE * OWN>;

const OWN_ROWS: bool = true;

// Lanes speak to each other within the quad alone.
fn sync() {}

fn sync_all() {}

// TILE = GROUP: a sample is an invocation's own.
fn set_input(tape_at: u32, slot: u32, sample: u32, d4: u32, x: vec4<f32>) {
  points[slot] = x;
}

fn input_value(tape_at: u32, entry: u32) -> vec4<f32> {
  return points[0];
}

fn result(slot: u32, sample: u32, d4: u32) -> vec4<f32> {
  return results[slot];
}

// The vec4 column `at` of a vector, zero outside the layer.
fn own_vector(row: u32, layer: FusedLayer, column: u32) -> vec4<f32> {
  if (column >= layer.out4) { return vec4<f32>(); }
  return packed[params.vectors4 + row * params.columns4 + layer.vector_at + column];
}

// Input columns of which a hidden layer's weights are kept, and the k-th of them (see resident-plan.ts).
fn kept_columns(l: u32, layer: FusedLayer) -> u32 {
  return select(4u * ((layer.in4 + 3u) / 4u), 1u, l == 0u);
}

fn kept_column(l: u32, k: u32, lane: u32) -> u32 {
  return select((k & ~3u) + (lane ^ (k & 3u)), 0u, l == 0u);
}

// Weights into private memory. Of its arrays, each is somewhere reached by an index that is not known when the kernel is
// compiled: SwiftShader would take its entries for variables, of which only a dozen find a register.
fn begin_tiles(lane: u32) {
  for (var i = 0u; i < 4u * OWN; i++) { wide[i] = vec4<f32>(); }
  for (var i = 0u; i < OWN; i++) {
    sums[i] = vec4<f32>();
    slope[i] = vec4<f32>();
  }
  for (var i = 0u; i < SPAN; i++) { queue[i] = vec4<f32>(); }
  for (var i = 0u; i < COLUMNS; i++) {
    gain[i] = vec4<f32>();
    offset[i] = vec4<f32>();
  }
  begin_reverse();
  var at = 0u;
  for (var l = 0u; l < LAYERS; l++) {
    let layer = layer_at(l);
    let own = (layer.out4 + 3u) / 4u;
    for (var c = 0u; c < own; c++) {
      let column = 4u * c + lane;
      bias[l * OWN + c] = own_vector(0u, layer, select(column, 0u, l + 1u == LAYERS));
      drift[l * OWN + c] = own_vector(1u, layer, select(column, 0u, l + 1u == LAYERS));
      if (GATED == 1u) {
        gate[l * OWN + c] = own_vector(2u, layer, select(column, 0u, l + 1u == LAYERS));
        gate_bias[l * OWN + c] = own_vector(3u, layer, select(column, 0u, l + 1u == LAYERS));
      }
    }
    if (l + 1u < LAYERS) {
      for (var k = 0u; k < kept_columns(l, layer); k++) {
        let from_column = kept_column(l, k, lane);
        for (var j = 0u; j < 4u; j++) {
          for (var c = 0u; c < own; c++) {
            let column = 4u * c + lane;
            let row = 4u * min(from_column, layer.in4 - 1u) + j;
            let value = packed[layer.forward_at + row * layer.out4 + min(column, layer.out4 - 1u)];
            w[at] = select(vec4<f32>(), value, column < layer.out4 && from_column < layer.in4);
            at++;
          }
        }
      }
    } else {
      for (var c = 0u; c < (layer.in4 + 3u) / 4u; c++) {
        for (var j = 0u; j < 4u; j++) {
          let column = 4u * c + lane;
          let value = packed[layer.forward_at + 4u * min(column, layer.in4 - 1u) + j];
          w[at] = select(vec4<f32>(), value, column < layer.in4);
          at++;
        }
      }
    }
  }
}

// Gain and offset of all own columns.
fn unrolled_time(t: f32) { offset[0] = bias[0] + t * drift[0] + gate[0] + gate_bias[0] + gain[0]; }

// The tile's points and probes through the hidden layers: results in the queue.
fn unrolled_hidden(beta: f32) { queue[0] = slope[0] + sums[0] + points[0]; }

// The last layer: f and J e_k of an invocation's own sample into the results.
fn unrolled_results(lane: u32) { results[0] = w[lane]; }

// The sum over the lanes of the i-th of four, to lane i.
fn sum_to_own(lane: u32, a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32>) -> vec4<f32> {
  let odd = (lane & 1u) == 1u;
  let ab = select(a, b, odd) + quadSwapX(select(b, a, odd));
  let cd = select(c, d, odd) + quadSwapX(select(d, c, odd));
  let upper = lane > 1u;
  return select(ab, cd, upper) + quadSwapY(select(cd, ab, upper));
}

// f and J e_k of the tile's samples. What a sweep wants of them is kept.
fn evaluate(t: f32, lane: u32, tape_at: u32) {
  let beta = swish_beta();
  unrolled_time(t);
  unrolled_hidden(beta);
  unrolled_results(lane);
}
