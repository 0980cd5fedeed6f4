// What one layer of a forward evaluation is told (field/forward.wgsl, field/forward_strip.wgsl).
struct Params {
  samples: u32,
  slots: u32,
  in4: u32,
  out4: u32,
  x_at: u32,        // offsets in vec4
  x_plane: u32,     // from one slot to the next, in vec4
  y_at: u32,
  y_plane: u32,
  u_at: u32,
  w_at: u32,
  v_at: u32,        // first column / 4 of this layer in `times`
  columns4: u32,    // V / 4
  residual: u32,    // 1: the last layer subtracts the field's input, which starts at input_at
  input_at: u32,
  input_plane: u32,
  beta_at: u32,     // swish: where beta stands in `packed`, in f32
}
