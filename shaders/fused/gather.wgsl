// The control blocks of all tiles -> that of the solve: the most steps, tries and evaluations of any tile, its worst
// status, and the least progress in time.
//
// reports  [tile]        control  [1]
// One workgroup of 64, strided loop and tree. Latency only.

// @include "common/control.wgsl"

@group(0) @binding(0) var<storage, read> reports: array<Control>;
@group(0) @binding(1) var<storage, read_write> control: Control;

// status, accepted, rejected, nfe
var<workgroup> most: array<vec4<u32>, 64>;
// not done, attempts
var<workgroup> more: array<vec2<u32>, 64>;
// |t - t0|
var<workgroup> least: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) local: u32) {
  var counts = vec4<u32>();
  var rest = vec2<u32>();
  var progress = abs(reports[0].t - reports[0].t0);
  for (var tile = local; tile < arrayLength(&reports); tile += 64u) {
    let report = reports[tile];
    counts = max(counts, vec4<u32>(report.status, report.accepted, report.rejected, report.nfe));
    rest = max(rest, vec2<u32>(1u - report.done, report.attempts));
    progress = min(progress, abs(report.t - report.t0));
  }
  most[local] = counts;
  more[local] = rest;
  least[local] = progress;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) {
      most[local] = max(most[local], most[local + half]);
      more[local] = max(more[local], more[local + half]);
      least[local] = min(least[local], least[local + half]);
    }
  }
  if (local != 0u) { return; }
  control.t0 = reports[0].t0;
  control.t1 = reports[0].t1;
  control.t = control.t0 + select(-least[0], least[0], control.t1 >= control.t0);
  control.status = most[0].x;
  control.accepted = most[0].y;
  control.rejected = most[0].z;
  control.nfe = most[0].w;
  control.done = 1u - more[0].x;
  if (control.done == 1u && control.status == 0u) { control.t = control.t1; }
  control.attempts = more[0].y;
}
