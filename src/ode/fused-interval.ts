/** dL/dt0 and dL/dt1 from the sums that a fused adjoint leaves (shaders/ode/interval_grad.wgsl). */
import type { intervalGrad as intervalModule } from "../generated/ode/interval_grad.js";
import type { KernelOf } from "../gpu/kernel.js";
import type { Command } from "../gpu/submit.js";
import type { Adjoint } from "./execution.js";
import type { FusedForward } from "./fused-forward.js";

export function intervalGradient(
  kernel: KernelOf<typeof intervalModule, "main">,
  { batch, weights, state, places }: FusedForward,
  { thetaBar, intervalBar }: Pick<Adjoint, "thetaBar" | "intervalBar">,
): Command {
  const operands = {
    params: { samples: batch, parameters: weights.packing.paramCount },
    end_bar: state.words(places.endBarAt, batch),
    theta_bar: thetaBar,
    interval_bar: intervalBar,
  };
  return kernel.bind(operands, [1, 1, 1]);
}
