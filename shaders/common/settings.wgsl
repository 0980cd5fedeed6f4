// What a solve was asked for; written once per solve. The same layout stands in src/ode/control.ts.
struct Settings {
  fixed_steps: u32,      // fixed steps: their number; adaptive: 0
  max_attempts: u32,     // accepted + rejected
  max_accepted: u32,     // room for kept points
  nfe_begin: u32,        // evaluations before the first step
  nfe_step: u32,         // and in each step tried
  count_0: u32,          // entries of plane 0, of the further planes, of Delta (for the root mean squares)
  count_1: u32,
  count_2: u32,
  groups: u32,           // workgroups of the finish and norm kernels
  rtol: f32,
  atol: f32,
  first_step: f32,       // 0: by Hairer's rule
  min_step: f32,
  max_step: f32,
  safety: f32,
  factor_min: f32,
  factor_max: f32,
  power_1: f32,          // step factor = safety E_n^-power_1 E_(n-1)^-power_2 E_(n-2)^-power_3
  power_2: f32,
  power_3: f32,
  order_power: f32,      // 1 / q
  spare_0: f32,
  spare_1: f32,
  spare_2: f32,
}
