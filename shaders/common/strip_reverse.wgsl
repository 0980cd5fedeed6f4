// The reverse sweep of one evaluation for a tile, in strips (math as in reverse.wgsl, weight_grad.wgsl and
// bias_grad.wgsl). A sweep leaves s u_bar of every layer in a record of its own, one of RING behind the rows; flush()
// then takes the weight gradients of all of them by one product, so that a chunk is read and written once for many.

// @include "common/strip.wgsl"
// @include "common/fused_derivatives.wgsl"
// @const BARS4: u32 = 8
// @const PARTIAL4: u32 = 1

@group(0) @binding(11) var<storage, read_write> partial: array<vec4<f32>, PARTIAL4>;

// The record of the sweep under way.
var<private> bars_at: u32;
// Of the sweeps since the last flush: t, tau, weight; and where the tape of their evaluations stands.
var<workgroup> entry_shares: array<vec4<f32>, RING>;
var<workgroup> entry_tapes: array<u32, RING>;

fn record_at(entry: u32) -> u32 {
  return spill_at + 2u * SLOTS * TILE * WIDTH4 + entry * BARS4;
}

fn begin_sweep(entry: u32) {
  bars_at = record_at(entry);
}

// Where the cotangents of a layer's pre-activations stand in a record: as its results would on a tape that begins
// behind the first input.
fn bars_in(layer: FusedLayer) -> u32 {
  return layer.x_at + SLOTS * TILE * (layer.in4 - LD4);
}

fn bar_place(layer: FusedLayer, slot: u32, sample: u32, column: u32) -> u32 {
  return bars_at + bars_in(layer) + (slot * TILE + sample) * layer.out4 + column;
}

fn cotangent(layer: FusedLayer, slot: u32, sample: u32, column: u32) -> vec4<f32> {
  return tape[bar_place(layer, slot, sample, column)];
}

fn set_cotangent(layer: FusedLayer, slot: u32, sample: u32, column: u32, value: vec4<f32>) {
  tape[bar_place(layer, slot, sample, column)] = value;
}

fn set_seed(slot: u32, sample: u32, d4: u32, bar: vec4<f32>) {
  set_cotangent(layer_at(LAYERS - 1u), slot, sample, d4, bar);
}

// Column `column` of the layer below, in all slots.
struct Below {
  layer: FusedLayer,
  y: Rows,        // results, slot after slot
  u_at: u32,
  column: u32,
  inside: bool,
}

fn place_below(below: Below, slot: u32, sample: u32) -> u32 {
  return (slot * TILE + sample) * below.y.stride + min(below.column, below.y.stride - 1u);
}

// Returns sigma'' u'_k y'_bar_k, which moves the value's cotangent.
fn finish_tangent_bar(below: Below, bar: vec4<f32>, slot: u32, sample: u32, beta: f32) -> vec4<f32> {
  let place = place_below(below, 0u, sample);
  let dot_place = place_below(below, slot, sample);
  let y = tape[below.y.at + place];
  let s = slopes_from(below.u_at + place, y, beta);
  if (below.inside) {
    set_cotangent(below.layer, slot, sample, below.column, s.d1 * bar);
    if (ACTIVATION == SWISH) {
      beta_share += dot(swish_beta_tangent(s.u, tape[below.u_at + dot_place], beta, bar), vec4<f32>(1.0));
    }
  }
  return bend(s, y, tape[below.y.at + dot_place], below.u_at + dot_place) * bar;
}

fn finish_value_bar(below: Below, y_bar: vec4<f32>, bent: vec4<f32>, sample: u32, beta: f32) {
  let place = place_below(below, 0u, sample);
  let s = slopes_from(below.u_at + place, tape[below.y.at + place], beta);
  if (!below.inside) { return; }
  set_cotangent(below.layer, 0u, sample, below.column, s.d1 * y_bar + bent);
  if (ACTIVATION == SWISH) { beta_share += dot(swish_beta_value(s.u, beta, y_bar), vec4<f32>(1.0)); }
}

fn finish_value_bars(below: Below, y_bar: mat4x4<f32>, bent: mat4x4<f32>, sample: u32, beta: f32) {
  finish_value_bar(below, y_bar[0], bent[0], sample, beta);
  finish_value_bar(below, y_bar[1], bent[1], sample + 1u, beta);
  finish_value_bar(below, y_bar[2], bent[2], sample + 2u, beta);
  finish_value_bar(below, y_bar[3], bent[3], sample + 3u, beta);
}

fn finish_tangent_bars(below: Below, bar: mat4x4<f32>, slot: u32, sample: u32, beta: f32) -> mat4x4<f32> {
  return mat4x4<f32>(
    finish_tangent_bar(below, bar[0], slot, sample, beta),
    finish_tangent_bar(below, bar[1], slot, sample + 1u, beta),
    finish_tangent_bar(below, bar[2], slot, sample + 2u, beta),
    finish_tangent_bar(below, bar[3], slot, sample + 3u, beta),
  );
}

// From the sums of a slot's 8 rows to u_bar of the layer below, four rows after the other. Tangents come before the value;
// `bent` is what they add to it.
fn finish_value_bar_rows(product: Column, bent: Column, below: Below, sample: u32, beta: f32) {
  var sums = product;
  var more = bent;
  for (var m = 0u; m < 8u; m += 4u) {
    finish_value_bars(below, sums.r0, more.r0, sample + m, beta);
    sums = Column(sums.r1, sums.r0);
    if (SLOTS > 1u) { more = Column(more.r1, more.r0); }
  }
}

fn finish_tangent_bar_rows(product: Column, bent: Column, below: Below, slot: u32, sample: u32, beta: f32) -> Column {
  var sums = product;
  var before = bent;
  for (var m = 0u; m < 8u; m += 4u) {
    var more = finish_tangent_bars(below, sums.r0, slot, sample + m, beta);
    if (SLOTS > 2u) {
      more += before.r0;
      before = Column(before.r1, more);
    }
    sums = Column(sums.r1, more);
  }
  return sums;
}

// u_bar of layer l - 1 from s u_bar of layer l.
fn reverse_layer(l: u32, beta: f32, lane: u32, tape_at: u32) {
  let layer = layer_at(l);
  let under = layer_at(l - 1u);
  let y = Rows(tape_at + layer.x_at, layer.in4);
  for (var base = 0u; base < layer.in4; base += 4u) {
    let column = base + lane;
    let below = Below(under, y, tape_at + under.u_at, column, column < under.out4);
    for (var sample = 0u; sample < TILE; sample += 8u) {
      var bent = Column();
      for (var down = 0u; down < SLOTS; down++) {
        let slot = SLOTS - 1u - down;
        let bars = Rows(bar_place(layer, slot, sample, 0u), layer.out4);
        let sums = multiply(bars, layer.reverse_at, layer.out4, layer.in4, base, lane);
        if (slot == 0u) {
          finish_value_bar_rows(sums, bent, below, sample, beta);
        } else {
          bent = finish_tangent_bar_rows(sums, bent, below, slot, sample, beta);
        }
      }
    }
  }
}

// The cotangent of the field's input, W^T (s u_bar) of the value's row, into plane 0.
fn reverse_input(lane: u32) {
  let layer = layer_at(0u);
  let bars = Rows(bar_place(layer, 0u, 0u, 0u), layer.out4);
  for (var d4 = 0u; d4 < LD4; d4++) {
    let bar = multiply_narrow(bars, layer.reverse_at, layer.out4, layer.in4, d4, lane);
    let at = spill_at + row_at(0u, lane) + d4;
    tape[at] = bar[0];
    tape[at + 4u * WIDTH4] = bar[1];
    tape[at + 8u * WIDTH4] = bar[2];
    tape[at + 12u * WIDTH4] = bar[3];
  }
}

fn input_bar(sample: u32, d4: u32) -> vec4<f32> {
  return tape[spill_at + row_at(0u, sample) + d4];
}

fn sweep(share: StageShare, entry: u32, local: u32, tape_at: u32) {
  beta_share = 0.0;
  let beta = swish_beta();
  if (local == 0u) {
    entry_shares[entry] = vec4<f32>(share.t, share.tau, share.weight, 0.0);
    entry_tapes[entry] = tape_at;
  }
  for (var back = 0u; back < LAYERS; back++) {
    let l = LAYERS - 1u - back;
    // Gains differ from stage to stage, so their gradients are not put off.
    if (GATED == 1u) {
      column_gradients(layer_at(l), share, local, tape_at);
      sync();
    }
    if (l > 0u) {
      reverse_layer(l, beta, local, tape_at);
      sync();
    }
  }
  reverse_input(local);
  sync();
  beta_bar += share.weight * beta_share;
}

struct OuterSums {
  w: Column,
  vectors: VectorSums,
}

// Column j, group g: sum of u_g x_j^T over the rows of all records, for the vec4 rows `o_from` and the next of the gradient
// and a lane's vec4 column from `i_from` on. Lanes 0 and 1 load the outputs of a row, 2 and 3 those of the next; the
// vectors' sums are of the outputs o_from + (lane & 1).
fn multiply_outer(layer: FusedLayer, entries: u32, o_from: u32, i_from: u32, lane: u32) -> OuterSums {
  var sums = Column();
  var sum_b = vec4<f32>();
  var sum_w = vec4<f32>();
  var sum_tau = vec4<f32>();
  let o = min(o_from + (lane & 1u), layer.out4 - 1u) + (lane >> 1u) * layer.out4;
  let i = min(i_from + lane, layer.in4 - 1u);
  for (var entry = 0u; entry < entries; entry++) {
    let share = entry_shares[entry];
    var u_at = record_at(entry) + bars_in(layer) + o;
    var x_at = entry_tapes[entry] + layer.x_at + i;
    var total = vec4<f32>();
    for (var r = 0u; r < SLOTS * TILE; r += 2u) {
      let own = share.z * tape[u_at];
      if (r < TILE) { total += own; }
      sums = add_outer(sums, tape[x_at], tape[x_at + layer.in4], spread(own));
      u_at += 2u * layer.out4;
      x_at += 2u * layer.in4;
    }
    let both = spread(total);
    total = select(both[0] + both[2], both[1] + both[3], (lane & 1u) == 1u);
    sum_b += total;
    sum_w += share.x * total;
    sum_tau += share.y * total;
  }
  let none = vec4<f32>();
  return OuterSums(sums, VectorSums(sum_b, sum_w, none, none, sum_tau, none));
}

// The gradients of `entries` sweeps. Call it behind a barrier; it ends with one.
fn flush(entries: u32, chunk: u32, fresh: bool, local: u32) {
  workgroupBarrier();
  for (var l = 0u; l < LAYERS; l++) {
    let layer = layer_at(l);
    for (var o_from = 0u; o_from < layer.out4; o_from += 2u) {
      for (var i_from = 0u; i_from < layer.in4; i_from += 4u) {
        let gradients = multiply_outer(layer, entries, o_from, i_from, local);
        var sums = gradients.w;
        let i = i_from + local;
        for (var o = o_from; o < min(o_from + 2u, layer.out4); o++) {
          if (i < layer.in4) {
            add_block(chunk + layer.gradient_at + 4u * o * layer.in4 + i, layer.in4, sums.r0, fresh);
          }
          sums = Column(sums.r1, sums.r0);
        }
        let own = o_from + local;
        if (GATED == 0u && i_from == 0u && local < 2u && own < layer.out4) {
          let drift = packed[params.vectors4 + layer.vector_at + own + params.columns4];
          let v = gradients.vectors;
          let vectors = VectorSums(v.b, v.w, v.g, v.k, drift * v.tau, drift * v.b);
          add_vectors(chunk, layer.vector_at + own, vectors, fresh);
        }
      }
    }
  }
  sync();
}

// At the end of a kernel: the lanes' shares of d/d beta, into the chunk's beta vector.
fn end_tiles(chunk: u32, local: u32) {
  if (ACTIVATION != SWISH) { return; }
  let sum = subgroupAdd(beta_bar);
  if (local == 0u) {
    partial[chunk + params.chunk_vectors4 + 4u * params.columns4] += vec4<f32>(sum, 0.0, 0.0, 0.0);
  }
}
