// The field at one time for a tile, in strips (math as in forward.wgsl):
//   u = s * (W x) + c,  y = sigma(u);      u'_k = s * (W x'_k),  y'_k = sigma'(u) u'_k
// TAPE = 1: every layer reads its input from the tape and leaves its result there as the next one's, with STORE_U every
// pre-activation too. TAPE = 0: two planes of rows take turns. f and J e_k end in plane 0 either way.

// @include "common/activation.wgsl"
// @include "common/strip.wgsl"

fn plane(of_layer: u32) -> Rows {
  return Rows(spill_at + ((LAYERS - of_layer) & 1u) * SLOTS * TILE * WIDTH4, WIDTH4);
}

fn input_rows(l: u32, tape_at: u32) -> Rows {
  if (TAPE == 0u) { return plane(l); }
  let layer = layer_at(l);
  return Rows(tape_at + layer.x_at, layer.in4);
}

fn slot_rows(rows: Rows, slot: u32) -> Rows {
  return Rows(rows.at + slot * TILE * rows.stride, rows.stride);
}

fn set_input(tape_at: u32, slot: u32, sample: u32, d4: u32, x: vec4<f32>) {
  let rows = input_rows(0u, tape_at);
  tape[rows.at + (slot * TILE + sample) * rows.stride + d4] = x;
}

fn input_value(tape_at: u32, entry: u32) -> vec4<f32> {
  return tape[tape_at + entry];
}

fn result(slot: u32, sample: u32, d4: u32) -> vec4<f32> {
  return tape[spill_at + row_at(slot, sample) + d4];
}

// Where a slot's results go, and the pre-activations.
struct Target {
  y: Rows,
  u: Rows,
}

fn put(to: Target, sample: u32, column: u32, u: vec4<f32>, y: vec4<f32>) {
  tape[to.y.at + sample * to.y.stride + column] = y;
  if (TAPE == 1u && STORE_U == 1u) { tape[to.u.at + sample * to.u.stride + column] = u; }
}

// Returns sigma'(u).
fn finish_value(to: Target, sum: vec4<f32>, time: TimeVectors, sample: u32, column: u32, beta: f32, inside: bool) -> vec4<f32> {
  let u = time.gain * sum + time.offset;
  let y = activate(u, beta);
  if (inside) { put(to, sample, column, u, y); }
  return activate_d1(u, y, beta);
}

fn finish_tangent(to: Target, sum: vec4<f32>, gain: vec4<f32>, d1: vec4<f32>, sample: u32, column: u32, inside: bool) {
  let u = gain * sum;
  if (inside) { put(to, sample, column, u, d1 * u); }
}

fn finish_values(to: Target, sum: mat4x4<f32>, time: TimeVectors, sample: u32, column: u32, beta: f32, inside: bool) -> mat4x4<f32> {
  return mat4x4<f32>(
    finish_value(to, sum[0], time, sample, column, beta, inside),
    finish_value(to, sum[1], time, sample + 1u, column, beta, inside),
    finish_value(to, sum[2], time, sample + 2u, column, beta, inside),
    finish_value(to, sum[3], time, sample + 3u, column, beta, inside),
  );
}

fn finish_tangents(to: Target, sum: mat4x4<f32>, gain: vec4<f32>, d1: mat4x4<f32>, sample: u32, column: u32, inside: bool) {
  finish_tangent(to, sum[0], gain, d1[0], sample, column, inside);
  finish_tangent(to, sum[1], gain, d1[1], sample + 1u, column, inside);
  finish_tangent(to, sum[2], gain, d1[2], sample + 2u, column, inside);
  finish_tangent(to, sum[3], gain, d1[3], sample + 3u, column, inside);
}

// Returns sigma'(u) in the sums' place. A loop in place of two copies of its body.
fn finish_value_rows(product: Column, to: Target, time: TimeVectors, sample: u32, column: u32, beta: f32, inside: bool) -> Column {
  var sums = product;
  for (var m = 0u; m < 8u; m += 4u) {
    sums = Column(sums.r1, finish_values(to, sums.r0, time, sample + m, column, beta, inside));
  }
  return sums;
}

fn finish_tangent_rows(product: Column, slopes: Column, to: Target, gain: vec4<f32>, sample: u32, column: u32, inside: bool) {
  var sums = product;
  var d1 = slopes;
  for (var m = 0u; m < 8u; m += 4u) {
    finish_tangents(to, sums.r0, gain, d1.r0, sample + m, column, inside);
    sums = Column(sums.r1, sums.r0);
    d1 = Column(d1.r1, d1.r0);
  }
}

fn finish_last(to: Target, sum: vec4<f32>, time: TimeVectors, slot: u32, sample: u32, d4: u32) {
  var u = time.gain * sum;
  if (slot == 0u) { u += time.offset; }
  put(to, sample, d4, u, u);
}

// The last layer: as narrow as the state, without an activation.
fn last_layer(layer: FusedLayer, rows: Rows, to: Target, slot: u32, t: f32, lane: u32) {
  for (var d4 = 0u; d4 < LD4; d4++) {
    let sum = multiply_narrow(rows, layer.forward_at, layer.in4, layer.out4, d4, lane);
    let time = time_vectors(layer.vector_at + d4, t);
    finish_last(to, sum[0], time, slot, lane, d4);
    finish_last(to, sum[1], time, slot, lane + 4u, d4);
    finish_last(to, sum[2], time, slot, lane + 8u, d4);
    finish_last(to, sum[3], time, slot, lane + 12u, d4);
  }
}

fn forward_layer(l: u32, t: f32, beta: f32, lane: u32, tape_at: u32) {
  let layer = layer_at(l);
  let x = input_rows(l, tape_at);
  let u = Rows(tape_at + layer.u_at, layer.out4);
  if (l + 1u == LAYERS) {
    for (var slot = 0u; slot < SLOTS; slot++) {
      let to = Target(slot_rows(plane(LAYERS), slot), slot_rows(u, slot));
      last_layer(layer, slot_rows(x, slot), to, slot, t, lane);
    }
  } else {
    let y = input_rows(l + 1u, tape_at);
    for (var base = 0u; base < layer.out4; base += 4u) {
      let column = base + lane;
      let inside = column < layer.out4;
      let time = time_vectors(layer.vector_at + min(column, layer.out4 - 1u), t);
      for (var sample = 0u; sample < TILE; sample += 8u) {
        var d1 = Column();
        for (var slot = 0u; slot < SLOTS; slot++) {
          let from_rows = slot_rows(x, slot);
          let rows = Rows(from_rows.at + sample * x.stride, x.stride);
          let sums = multiply(rows, layer.forward_at, layer.in4, layer.out4, base, lane);
          let to = Target(slot_rows(y, slot), slot_rows(u, slot));
          if (slot == 0u) {
            d1 = finish_value_rows(sums, to, time, sample, column, beta, inside);
          } else {
            finish_tangent_rows(sums, d1, to, time.gain, sample, column, inside);
          }
        }
      }
    }
  }
  sync();
}

fn evaluate(t: f32, local: u32, tape_at: u32) {
  let beta = swish_beta();
  for (var l = 0u; l < LAYERS; l++) {
    forward_layer(l, t, beta, local, tape_at);
  }
}
