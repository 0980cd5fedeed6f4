// The reverse sweep of one evaluation for a tile, through values and tangents at once (math as in reverse.wgsl,
// weight_grad.wgsl and bias_grad.wgsl): from cotangents of f and J e_k in the rows to the gradients of all
// parameters, added to this workgroup's chunk, and to the cotangent of the field's input in row 0.
//
// A kernel that includes this declares partial, vec4 [workgroup][chunk4]: a chunk as src/field/packing.ts lays it out. TAPE holds what
// the evaluation left.

// @include "common/block.wgsl"
// @include "common/fused_derivatives.wgsl"

@group(0) @binding(11) var<storage, read_write> partial: array<vec4<f32>>;

fn cotangent(layer: FusedLayer, slot: u32, sample: u32, column: u32) -> vec4<f32> {
  return row(row_at(slot, sample) + column);
}

fn set_cotangent(layer: FusedLayer, slot: u32, sample: u32, column: u32, value: vec4<f32>) {
  set_row(row_at(slot, sample) + column, value);
}

// All sweeps work in the same rows.
fn begin_sweep(entry: u32) {}

// W_bar[o][i] += sum over rows of (s u_bar)[o] x[i]: an invocation owns blocks of 8 x 8.
fn weight_gradients(layer: FusedLayer, share: StageShare, local: u32, tape_at: u32) {
  if (share.weight == 0.0) { return; }
  let in_blocks = (layer.in4 + 1u) / 2u;
  let count = in_blocks * ((layer.out4 + 1u) / 2u);
  for (var owned = local; owned < count; owned += GROUP) {
    let o = 2u * (owned / in_blocks);
    let i = 2u * (owned % in_blocks);
    let o_next = min(o + 1u, layer.out4 - 1u);
    let i_next = min(i + 1u, layer.in4 - 1u);
    var a00 = mat4x4<f32>(); var a01 = mat4x4<f32>(); var a10 = mat4x4<f32>(); var a11 = mat4x4<f32>();
    let x_at = tape_at + layer.x_at;
    for (var r = 0u; r < SLOTS * TILE; r++) {
      let u0 = row(r * WIDTH4 + o);
      let u1 = row(r * WIDTH4 + o_next);
      let x0 = tape[x_at + r * layer.in4 + i];
      let x1 = tape[x_at + r * layer.in4 + i_next];
      a00 += outer(x0, u0);
      a01 += outer(x1, u0);
      a10 += outer(x0, u1);
      a11 += outer(x1, u1);
    }
    let at = share.chunk + layer.gradient_at + 4u * o * layer.in4 + i;
    let below = 4u * layer.in4;
    let weight = share.weight;
    add_block(at, layer.in4, weight * a00, share.fresh);
    if (i_next > i) { add_block(at + 1u, layer.in4, weight * a01, share.fresh); }
    if (o_next > o) {
      add_block(at + below, layer.in4, weight * a10, share.fresh);
      if (i_next > i) { add_block(at + below + 1u, layer.in4, weight * a11, share.fresh); }
    }
  }
}

struct BelowLayer {
  y_at: u32,      // tape: outputs of the layer below, and their pre-activations
  u_at: u32,
  width4: u32,
}

fn place_of(below: BelowLayer, slot: u32, sample: u32, column: u32) -> u32 {
  return (slot * TILE + sample) * below.width4 + column;
}

fn finish_value_bar(below: BelowLayer, y_bar: vec4<f32>, sample: u32, column: u32, beta: f32) {
  let place = place_of(below, 0u, sample, column);
  let s = slopes_from(below.u_at + place, tape[below.y_at + place], beta);
  set_row(row_at(0u, sample) + column, s.d1 * y_bar);
  if (ACTIVATION == SWISH) { beta_share += dot(swish_beta_value(s.u, beta, y_bar), vec4<f32>(1.0)); }
}

fn finish_tangent_bar(below: BelowLayer, bar: vec4<f32>, slot: u32, sample: u32, column: u32, beta: f32) {
  let place = place_of(below, 0u, sample, column);
  let dot_place = place_of(below, slot, sample, column);
  let y = tape[below.y_at + place];
  let s = slopes_from(below.u_at + place, y, beta);
  set_row(row_at(slot, sample) + column, s.d1 * bar);
  let value_at = row_at(0u, sample) + column;
  let bent = bend(s, y, tape[below.y_at + dot_place], below.u_at + dot_place);
  set_row(value_at, row(value_at) + bent * bar);
  if (ACTIVATION == SWISH) {
    beta_share += dot(swish_beta_tangent(s.u, tape[below.u_at + dot_place], beta, bar), vec4<f32>(1.0));
  }
}

// u_bar of layer l - 1 from s u_bar of layer l.
fn reverse_layer(l: u32, beta: f32, local: u32, tape_at: u32) {
  let layer = layer_at(l);
  let under = layer_at(l - 1u);
  let below = BelowLayer(tape_at + layer.x_at, tape_at + under.u_at, layer.in4);
  let blocks = (layer.in4 + 1u) / 2u;
  let busy = local < (TILE / EACH) * blocks;
  let sample = (local / blocks) * EACH;
  let column = (local % blocks) * 2u;
  let next = min(column + 1u, layer.in4 - 1u);
  for (var slot = 0u; slot < SLOTS; slot += PAIR) {
    var a00 = mat4x4<f32>(); var a01 = mat4x4<f32>(); var a10 = mat4x4<f32>(); var a11 = mat4x4<f32>();
    if (busy) {
      let rows_0 = row_at(slot, sample);
      let rows_1 = select(row_at(slot, sample + 4u), row_at(slot + 1u, sample), PAIR == 2u);
      var at = layer.reverse_at + column;
      for (var o4 = 0u; o4 < layer.out4; o4++) {
        let g0 = load_rows(rows_0 + o4);
        let g1 = load_rows(rows_1 + o4);
        let w0 = load_weights(at, layer.in4);
        a00 += w0 * g0;
        a10 += w0 * g1;
        let w1 = load_weights(at + next - column, layer.in4);
        a01 += w1 * g0;
        a11 += w1 * g1;
        at += 4u * layer.in4;
      }
    }
    sync();
    if (busy) {
      for (var r = 0u; r < 8u; r++) {
        let i = sample + (r & 3u);
        let second = r >= 4u;
        let c = column + select(0u, 1u, second);
        if (c >= layer.in4) { break; }
        let sum_0 = select(pick(a00, r & 3u), pick(a01, r & 3u), second);
        let sum_1 = select(pick(a10, r & 3u), pick(a11, r & 3u), second);
        if (slot == 0u) {
          finish_value_bar(below, sum_0, i, c, beta);
        } else {
          finish_tangent_bar(below, sum_0, slot, i, c, beta);
        }
        if (PAIR == 2u) {
          finish_tangent_bar(below, sum_1, slot + 1u, i, c, beta);
        } else if (slot == 0u) {
          finish_value_bar(below, sum_1, i + 4u, c, beta);
        } else {
          finish_tangent_bar(below, sum_1, slot, i + 4u, c, beta);
        }
      }
    }
  }
  sync();
}

// x_bar of the first layer's entry (sample, four columns): W^T (s u_bar) of the value's row.
fn input_bar(sample: u32, d4: u32) -> vec4<f32> {
  let layer = layer_at(0u);
  var sum = vec4<f32>();
  var at = layer.reverse_at + d4;
  for (var o4 = 0u; o4 < layer.out4; o4++) {
    sum += load_weights(at, layer.in4) * row(row_at(0u, sample) + o4);
    at += 4u * layer.in4;
  }
  return sum;
}

// Call it with the seeds in the rows and a barrier behind them (a storage barrier too, where the tape is new). It
// ends without one: input_bar() may be read, and the rows written only behind a barrier.
fn sweep(share: StageShare, entry: u32, local: u32, tape_at: u32) {
  beta_share = 0.0;
  let beta = swish_beta();
  for (var back = 0u; back < LAYERS; back++) {
    let l = LAYERS - 1u - back;
    let layer = layer_at(l);
    column_gradients(layer, share, local, tape_at);
    // Only gains change the rows.
    if (GATED == 1u) { sync(); }
    weight_gradients(layer, share, local, tape_at);
    if (l > 0u) { reverse_layer(l, beta, local, tape_at); }
  }
  beta_bar += share.weight * beta_share;
}

// A sweep adds all its gradients at once.
fn flush(entries: u32, chunk: u32, fresh: bool, local: u32) {}

// At the end of a kernel: the invocations' shares of d/d beta in fixed order, into the chunk's beta vector.
fn end_tiles(chunk: u32, local: u32) {
  if (ACTIVATION != SWISH) { return; }
  sync();
  set_row(local, vec4<f32>(beta_bar, 0.0, 0.0, 0.0));
  sync();
  if (local != 0u) { return; }
  var sum = vec4<f32>();
  for (var other = 0u; other < GROUP; other++) { sum += row(other); }
  partial[chunk + params.chunk_vectors4 + 4u * params.columns4] += sum;
}
