// The control block of a solve: where in time it is and whether it goes on. It lives on the GPU; every kernel of a
// step reads it, a handful of one-invocation kernels write it, and the CPU looks at it late and asynchronously.
// The same layout stands in src/ode/control.ts.
struct Control {
  t: f32,              // start of the step under way
  t_low: f32,          // what rounding took from t (compensated sum)
  h: f32,              // step under way, signed
  t0: f32,
  t1: f32,
  t_previous: f32,     // start of the step just decided
  h_previous: f32,     // its length
  error_1: f32,        // error ratio of the last accepted step and the one before (PI, PID)
  error_2: f32,
  error_now: f32,      // error ratio of the step just decided
  h_proposed: f32,     // what the controller wanted before the end of the interval cut it
  d0: f32,             // norms of the first-step rule
  d1: f32,
  done: u32,           // 1: every kernel of the solve returns at once
  accepted_now: u32,   // 1: the step just decided was accepted
  accepted: u32,       // accepted steps so far; also the index of the step under way
  rejected: u32,
  nfe: u32,            // evaluations of the field
  status: u32,         // see STATUS in src/ode/control.ts
  attempts: u32,
  rejected_in_row: u32,
  tau: f32,            // discrete adjoint: (start of the step - t0) / (t1 - t0)
  fraction: f32,       // and the step's length in the same unit
  landing: u32,        // 1: the step under way ends at t1
}
