// The reverse sweep with resident weights (math as in reverse.wgsl, weight_grad.wgsl and bias_grad.wgsl). An evaluation
// leaves its activations in private memory, and the cotangents go back through them; tangents come before the value.
// Nothing is put off: a sweep adds to the gradients at once, and they are stored when the kernel ends.

// @include "common/resident.wgsl"
// @include "common/fused_gradients.wgsl"
// @const PARTIAL4: u32 = 1

@group(0) @binding(11) var<storage, read_write> partial: array<vec4<f32>, PARTIAL4>;

const HIDDEN: u32 = LAYERS - 1u;

// Gradients of w, and of the vectors as VectorSums has them.
var<private> w_bar: array<vec4<f32>, WEIGHTS>;
var<private> bias_bar: array<vec4<f32>, COLUMNS>;
var<private> drift_bar: array<vec4<f32>, COLUMNS>;
var<private> gate_bar: array<vec4<f32>, COLUMNS>;
var<private> gate_bias_bar: array<vec4<f32>, COLUMNS>;
var<private> tau_bar: array<vec4<f32>, COLUMNS>;
var<private> time_bar: array<vec4<f32>, COLUMNS>;
// Of the tile at hand: sum u_bar, and with gates sum u_bar (u - w t) + sum_k u'_bar_k u'_k.
var<private> total: array<vec4<f32>, COLUMNS>;
var<private> total_gate: array<vec4<f32>, COLUMNS>;
// Of the tile, by hidden layer: y and u'_k as [sample][slot][own column], the value's u as [sample][own column].
var<private> held: array<vec4<f32>, HIDDEN * SPAN>;
var<private> held_u: array<vec4<f32>, HIDDEN * TILE * OWN>;
// Cotangents s u_bar on their way down: of wide layers a queue from the last slot of the last sample to the first of the
// first, of narrow ones as [sample][slot][own column].
var<private> going: array<vec4<f32>, SPAN>;
// An invocation's own sample: cotangents of f and J e_k by slot, and of its point.
var<private> seeds: array<vec4<f32>, SLOTS>;
var<private> point_bar: vec4<f32>;
// Of the layer at hand: its input in all slots, the cotangent of that in one, sigma'' and what the tangents add to u_bar; of
// a narrow layer the first and the third for all samples of the tile.
var<private> input: array<vec4<f32>, SPAN>;
var<private> back: array<vec4<f32>, OWN>;
var<private> curve: array<vec4<f32>, TILE * OWN>;
var<private> bend: array<vec4<f32>, OWN>;

// See begin_tiles.
fn begin_reverse() {
  for (var i = 0u; i < SLOTS * OWN; i++) { input[i] = vec4<f32>(); }
  for (var i = 0u; i < OWN; i++) {
    back[i] = vec4<f32>();
    curve[i] = vec4<f32>();
    bend[i] = vec4<f32>();
  }
  for (var i = 0u; i < SPAN; i++) { going[i] = vec4<f32>(); }
  for (var i = 0u; i < HIDDEN * SPAN; i++) { held[i] = vec4<f32>(); }
  for (var i = 0u; i < HIDDEN * TILE * OWN; i++) { held_u[i] = vec4<f32>(); }
  for (var i = 0u; i < COLUMNS; i++) {
    total[i] = vec4<f32>();
    total_gate[i] = vec4<f32>();
  }
}

fn begin_sweep(entry: u32) {}

fn set_seed(slot: u32, sample: u32, d4: u32, bar: vec4<f32>) {
  seeds[slot] = bar;
}

fn input_bar(sample: u32, d4: u32) -> vec4<f32> {
  return point_bar;
}

// What the columns `i` of a hidden layer make of y_bar or y'_bar (see swish_beta_value).
fn add_beta_share(slot: u32, u: vec4<f32>, u_dot: vec4<f32>, bar: vec4<f32>, beta: f32) {
  if (slot == 0u) {
    beta_share += dot(swish_beta_value(u, beta, bar), vec4<f32>(1.0));
  } else {
    beta_share += dot(swish_beta_tangent(u, u_dot, beta, bar), vec4<f32>(1.0));
  }
}

// From the tile's seeds to the cotangents of its inputs; adds to w_bar and the tile's totals.
fn unrolled_sweep(t: f32, beta: f32, lane: u32) { going[0] = input[0] + back[0] + curve[0] + bend[0] + held[0] + held_u[0]; }

// The tile's totals into the gradients of the vectors.
fn unrolled_fold(t: f32, tau: f32) { bias_bar[0] += total[0] + total_gate[0] + drift_bar[0] + gate_bar[0] + gate_bias_bar[0] + tau_bar[0] + time_bar[0]; }

fn sweep(share: StageShare, entry: u32, lane: u32, tape_at: u32) {
  beta_share = 0.0;
  let beta = swish_beta();
  unrolled_sweep(share.t, beta, lane);
  unrolled_fold(share.t, share.tau);
  beta_bar += share.weight * beta_share;
}

fn flush(entries: u32, chunk: u32, fresh: bool, local: u32) {}

fn w_bar_block(at: u32, stride: u32) -> mat4x4<f32> {
  return transpose(mat4x4<f32>(w_bar[at], w_bar[at + stride], w_bar[at + 2u * stride], w_bar[at + 3u * stride]));
}

// Gradients into the chunk. A reverse pass in several dispatches goes on where the one before left it.
fn end_tiles(chunk: u32, lane: u32) {
  let fresh = params.to_step == params.capacity;
  var at = 0u;
  for (var l = 0u; l < LAYERS; l++) {
    let layer = layer_at(l);
    let own = (layer.out4 + 3u) / 4u;
    let last = l + 1u == LAYERS;
    for (var c = 0u; c < own; c++) {
      let column = 4u * c + lane;
      if (column >= layer.out4) { continue; }
      let i = l * OWN + c;
      let vectors = VectorSums(bias_bar[i], drift_bar[i], gate_bar[i], gate_bias_bar[i], tau_bar[i], time_bar[i]);
      add_vectors(chunk, layer.vector_at + column, vectors, fresh);
      if (last) { continue; }
      for (var k = 0u; k < kept_columns(l, layer); k++) {
        let from_column = kept_column(l, k, lane);
        if (from_column >= layer.in4) { continue; }
        let place = chunk + layer.gradient_at + 4u * column * layer.in4 + from_column;
        add_block(place, layer.in4, w_bar_block(at + 4u * k * own + c, own), fresh);
      }
    }
    if (last) {
      for (var k = lane; k < layer.in4; k += 4u) {
        add_block(chunk + layer.gradient_at + k, layer.in4, w_bar_block(at + (k & ~3u), 1u), fresh);
      }
    }
    at += 4u * kept_columns(l, layer) * own;
  }
  if (ACTIVATION != SWISH) { return; }
  let sum = subgroupAdd(beta_bar);
  if (lane == 0u) {
    partial[chunk + params.chunk_vectors4 + 4u * params.columns4] += vec4<f32>(sum, 0.0, 0.0, 0.0);
  }
}
