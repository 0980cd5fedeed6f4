// What the two parameter-gradient kernels share: where a layer's operands and results are, and how a stage counts.
struct Layer {
  x_at: u32,       // inputs in `acts`, vec4, rows of in4
  cot_at: u32,     // cotangents of pre-activations in `cots`, vec4, rows of out4
  share_at: u32,   // what each element adds to d/d beta (swish) in `cots`, vec4, rows of out4
  u_at: u32,       // pre-activations in `pre`, vec4, rows of out4
  w_at: u32,       // this layer's weights in a gradient chunk, vec4, [out][in/4]
  v_at: u32,       // its first column / 4 among the vectors
  in4: u32,
  out4: u32,
  tile_end: u32,   // weight tiles of this and all earlier layers
}

struct GradientParams {
  samples: u32,
  slots: u32,
  stages: u32,         // weight_grad: how many stages, from the first place on
  stage_rows: u32,     // from one stage's place to the next; rows behind slots x samples are zero; a multiple of 4
  times4: u32,         // from one stage's time vectors to the next, vec4
  first_row: u32,      // bias_grad: where the stage's rows in `cots` start
  chunks: u32,
  chunk_rows: u32,     // rows (stage, slot, sample) a chunk sums, a multiple of 4
  chunk_samples: u32,  // samples a chunk sums in bias_grad
  chunk4: u32,         // length of a chunk in vec4
  vectors4: u32,       // where the vectors start in a chunk, vec4
  columns4: u32,       // V / 4
  gated: u32,
  swish: u32,
  quadrature: u32,     // 0: every stage counts 1 (discrete adjoint: seeds carry the weight); 1: it counts h b
  overwrite: u32,      // 1: first stage of a tentative step
  target_at: u32,      // where the chunks of this target start in `partial`, vec4
  b: f32,
  c: f32,
}

fn stage_weight(params: GradientParams, h: f32) -> f32 {
  return select(1.0, h * params.b, params.quadrature != 0u);
}
