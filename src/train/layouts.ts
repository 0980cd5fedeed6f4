/**
 * How the solves of a run are laid out. Both phases are settled before the first step, and a checkpoint keeps them: what
 * the device's calibration says later, or another device's, changes nothing.
 */
import type { Flow } from "../cnf/flow.js";
import { type Packing, packing } from "../field/packing.js";
import type { Weights } from "../field/weights.js";
import type { Device } from "../gpu/device.js";
import { type FusedShape, forwardShape, fusedRefusal } from "../ode/fused-plan.js";
import { type Layout, layoutRefusal, usualLayout } from "../ode/layout.js";
import { chooseLayout, type SolvePlan, trainingSolve, whyNotFused } from "../ode/paths.js";
import type { CheckedTraining } from "./options.js";
import { ONE_EVALUATION } from "./warm-start.js";

/** A phase that the run does not have has none. */
export interface Layouts {
  readonly warmStart?: Layout;
  readonly likelihood?: Layout;
}

/** The solve of a likelihood step, as far as it is chosen by. @param kept steps there is room for, if not fixed */
export function likelihoodSolve({ plan, steps, backward, trace }: CheckedTraining, kept = 1): SolvePlan {
  const { batch, gradient } = plan;
  return trainingSolve({ batch, plan: steps, trace }, gradient === "discrete" ? undefined : backward, kept);
}

/** A step of the warm start, as the fused kernels see it. */
export function matchShape(packed: Packing, batch: number): FusedShape {
  return { packing: packed, plan: ONE_EVALUATION, batch, probes: 0, traceWeight: 0, capacity: 1 };
}

/** What can be kept of a checkpoint's layouts, and a sentence for each that the device does not take. */
export function keptLayouts(
  { device, field: { spec } }: Flow,
  checked: CheckedTraining,
  saved: Layouts,
): { kept: Layouts; warnings: readonly string[] } {
  const warnings: string[] = [];
  const packed = packing(spec);
  const keep = (
    phase: string,
    shape: FusedShape,
    layout: Layout | undefined,
    refusal: string | undefined,
  ) => {
    if (!layout) return undefined;
    const reason = layoutRefusal(device, shape, layout, refusal);
    if (!reason) return layout;
    warnings.push(`The ${phase} is laid out anew and may differ in its last digits. ${reason}`);
    return undefined;
  };
  const { warmStart } = checked.plan;
  const solve = likelihoodSolve(checked);
  const solving = forwardShape(packed, solve, solve.keep ?? 0);
  const kept = {
    warmStart:
      warmStart &&
      keep(
        "warm start",
        matchShape(packed, warmStart.batch),
        saved.warmStart,
        fusedRefusal(spec, ONE_EVALUATION),
      ),
    likelihood: keep("likelihood phase", solving, saved.likelihood, whyNotFused(spec, solve)),
  };
  return { kept, warnings };
}

/** Those that are kept, and the device's own for the rest. @throws ArgumentError, DeviceLostError */
export async function settleLayouts(
  device: Device,
  weights: Weights,
  checked: CheckedTraining,
): Promise<Layouts> {
  const { plan, layouts: kept } = checked;
  const { warmStart } = plan;
  const path = fusedRefusal(weights.packing.spec, ONE_EVALUATION) ? "layered" : "fused";
  return {
    ...(warmStart && {
      warmStart:
        kept?.warmStart ??
        (await usualLayout(device, path, matchShape(weights.packing, warmStart.batch), weights)),
    }),
    ...(plan.steps > 0 && {
      likelihood: kept?.likelihood ?? (await chooseLayout(device, weights, likelihoodSolve(checked))),
    }),
  };
}
