// What one layer of a reverse sweep is told (field/reverse.wgsl, field/reverse_strip.wgsl).
struct Params {
  samples: u32,
  slots: u32,
  in4: u32,
  out4: u32,
  from_at: u32,
  from_plane: u32,
  to_at: u32,
  to_plane: u32,
  u_at: u32,
  w_at: u32,
  v_at: u32,
  residual: u32,     // FIRST = 1: subtract the seed of the last layer, which starts at seed_at
  seed_at: u32,
  gradient_at: u32,
  beta_at: u32,
  sign: f32,
  share_at: u32,     // SWISH: what each element adds to d/d beta, rows as at to_at
}
