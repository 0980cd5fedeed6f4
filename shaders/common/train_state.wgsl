// Where a training run is; lives on the GPU, so that a step that could not be taken is simply tried again.
// The same layout stands in src/train/state.ts.
struct TrainState {
  step: u32,        // steps taken
  attempt: u32,     // steps tried
  current: u32,     // step being taken (before it counts)
  go: u32,          // 1: the step under way may change the parameters
  halted: u32,      // 1: a loss or gradient was not finite, or a solve failed; nothing changes any more
  reason: u32,      // status of the solve that halted the run; 0: non-finite loss or gradient
  clip: f32,        // what the gradient is multiplied by
  spare: u32,
}
