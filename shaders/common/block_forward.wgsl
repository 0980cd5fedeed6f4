// The field at one time for a tile: rows of points and probes -> rows of f and J e_k.
//   u = s * (W x) + c,  y = sigma(u);      u'_k = s * (W x'_k),  y'_k = sigma'(u) u'_k        (math as in forward.wgsl)
// TAPE = 1 leaves every layer's input (and, with STORE_U, every pre-activation) on the tape for a reverse sweep.

// @include "common/activation.wgsl"
// @include "common/block.wgsl"

struct LayerResult {
  u_at: u32,
  y_at: u32,     // in the tape; what is stored there is the next layer's input
  out4: u32,
  last: bool,
}

fn put_result(to: LayerResult, slot: u32, sample: u32, column: u32, u: vec4<f32>, y: vec4<f32>) {
  set_row(row_at(slot, sample) + column, y);
  if (TAPE == 1u) {
    let at = (slot * TILE + sample) * to.out4 + column;
    if (!to.last) { tape[to.y_at + at] = y; }
    if (STORE_U == 1u) { tape[to.u_at + at] = u; }
  }
}

// The value's row: returns sigma'(u) for the tangents.
fn finish_value(
  to: LayerResult, sum: vec4<f32>, time: TimeVectors, sample: u32, column: u32, beta: f32,
) -> vec4<f32> {
  let u = time.gain * sum + time.offset;
  if (to.last) {
    put_result(to, 0u, sample, column, u, u);
    return vec4<f32>(1.0);
  }
  let y = activate(u, beta);
  put_result(to, 0u, sample, column, u, y);
  return activate_d1(u, y, beta);
}

fn finish_tangent(
  to: LayerResult, sum: vec4<f32>, gain: vec4<f32>, d1: vec4<f32>, slot: u32, sample: u32, column: u32,
) {
  let u = gain * sum;
  put_result(to, slot, sample, column, u, d1 * u);
}

// sigma' of the value rows, for slots that are not finished together with the value (PLANES = SLOTS + 1).
fn slope_at(sample: u32, column: u32) -> u32 {
  return row_at(SLOTS, sample) + column;
}

fn forward_layer(l: u32, t: f32, beta: f32, local: u32, tape_at: u32) {
  let layer = layer_at(l);
  let blocks = (layer.out4 + 1u) / 2u;
  let busy = local < (TILE / EACH) * blocks;
  let sample = (local / blocks) * EACH;
  let column = (local % blocks) * 2u;
  // The second group of columns may lie past the end: it then repeats the first, and is not stored.
  let next = min(column + 1u, layer.out4 - 1u);
  let last = l + 1u == LAYERS;
  let after = layer_at(min(l + 1u, LAYERS - 1u));
  let to = LayerResult(tape_at + layer.u_at, tape_at + after.x_at, layer.out4, last);
  for (var slot = 0u; slot < SLOTS; slot += PAIR) {
    // First index = group of 4 rows, second = group of 4 columns.
    var a00 = mat4x4<f32>(); var a01 = mat4x4<f32>(); var a10 = mat4x4<f32>(); var a11 = mat4x4<f32>();
    if (busy) {
      let rows_0 = row_at(slot, sample);
      let rows_1 = select(row_at(slot, sample + 4u), row_at(slot + 1u, sample), PAIR == 2u);
      var at = layer.forward_at + column;
      for (var i4 = 0u; i4 < layer.in4; i4++) {
        let x0 = load_rows(rows_0 + i4);
        let x1 = load_rows(rows_1 + i4);
        let w0 = load_weights(at, layer.out4);
        a00 += w0 * x0;
        a10 += w0 * x1;
        let w1 = load_weights(at + next - column, layer.out4);
        a01 += w1 * x0;
        a11 += w1 * x1;
        at += 4u * layer.out4;
      }
    }
    sync();
    if (busy) {
      let time_0 = time_vectors(layer.vector_at + column, t);
      let time_1 = time_vectors(layer.vector_at + next, t);
      // A loop instead of 8 copies of the epilogue: unrolled, drivers take seconds to minutes to compile it.
      for (var r = 0u; r < 8u; r++) {
        let i = sample + (r & 3u);
        let second = r >= 4u;
        let c = column + select(0u, 1u, second);
        if (c >= layer.out4) { break; }
        let sum_0 = select(pick(a00, r & 3u), pick(a01, r & 3u), second);
        let sum_1 = select(pick(a10, r & 3u), pick(a11, r & 3u), second);
        let gain = select(time_0.gain, time_1.gain, second);
        let time = TimeVectors(gain, select(time_0.offset, time_1.offset, second));
        if (slot == 0u) {
          let d1 = finish_value(to, sum_0, time, i, c, beta);
          if (PLANES > SLOTS) { set_row(slope_at(i, c), d1); }
          if (PAIR == 2u) {
            finish_tangent(to, sum_1, gain, d1, 1u, i, c);
          } else {
            let other = finish_value(to, sum_1, time, i + 4u, c, beta);
            if (PLANES > SLOTS) { set_row(slope_at(i + 4u, c), other); }
          }
        } else {
          let d1 = row(slope_at(i, c));
          finish_tangent(to, sum_0, gain, d1, slot, i, c);
          if (PAIR == 2u) {
            finish_tangent(to, sum_1, gain, d1, slot + 1u, i, c);
          } else {
            finish_tangent(to, sum_1, gain, row(slope_at(i + 4u, c)), slot, i + 4u, c);
          }
        }
      }
    }
  }
  sync();
}

// Call it with the rows in place and a barrier behind them; it ends with a barrier.
fn evaluate(t: f32, local: u32, tape_at: u32) {
  let beta = swish_beta();
  for (var l = 0u; l < LAYERS; l++) {
    forward_layer(l, t, beta, local, tape_at);
  }
}
