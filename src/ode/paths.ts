/** Which way a solve is carried out, and the objects that do it. */
import type { Device } from "../gpu/device.js";
import { ArgumentError } from "../gpu/errors.js";
import { ContinuousAdjoint } from "./continuous.js";
import { DiscreteAdjoint } from "./discrete.js";
import type { Adjoint, Forward, Path } from "./execution.js";
import { type ForwardOptions, ForwardSolve, type Integrand, weightCount } from "./forward.js";
import { FusedContinuous } from "./fused-continuous.js";
import { FusedDiscrete } from "./fused-discrete.js";
import { FusedForward } from "./fused-forward.js";
import { fusedRefusal, usualTiling } from "./fused-plan.js";
import type { StepPlan } from "./plan.js";

export interface SolvePlan extends ForwardOptions {
  /** The steps of the continuous adjoint that will follow, if one will. */
  readonly backward?: StepPlan;
  /** How often the solve will run, as far as is known (default 1): kernels made for its shape must pay. */
  readonly uses?: number;
  /** The loss of training follows. */
  readonly loss?: boolean;
}

/**
 * Cost, in multiply-adds, from which kernels for one shape pay for their compilation (0.1 s on a GPU, 1 to 3 s on a
 * software adapter, where a multiply-add takes 1 ns), and the cost of a dispatch that the fused path saves.
 */
const WORTH_COMPILING = 4e9;
const DISPATCH = 1e5;
/** Steps an adaptive solve is taken to need. */
const USUAL_STEPS = 16;

/** Why the fused path does not take this solve, as a sentence; undefined if it does. */
export function whyLayered(integrand: Integrand, options: SolvePlan): string | undefined {
  if (integrand.kind === "wgsl") return "The fused path takes MLP fields; this one is written in WGSL.";
  if (options.tangents) return "The fused path carries no tangents through a solve.";
  if (options.record) return "The fused path records no states between the ends.";
  const { spec } = integrand.weights.packing;
  return fusedRefusal(spec, options.plan) ?? (options.backward && fusedRefusal(spec, options.backward));
}

/** @throws ArgumentError when the fused path is asked for and does not take this solve */
export function choosePath(integrand: Integrand, options: SolvePlan): Path {
  const { path } = options.plan;
  if (path === "layered") return path;
  const refusal = whyLayered(integrand, options);
  if (path === "fused" && refusal) throw new ArgumentError(refusal, 'Give path: "auto", or "layered".');
  const { uses = 1 } = options;
  if (refusal || (path === "auto" && uses * costOf(integrand, options) < WORTH_COMPILING)) return "layered";
  return "fused";
}

/** Cost of a forward solve on the layered path, in multiply-adds. */
function costOf(integrand: Integrand, { batch, plan, trace }: SolvePlan): number {
  if (integrand.kind === "wgsl") return 0;
  const slots = 1 + (trace?.probes ?? 0);
  const { weights } = integrand;
  const evaluations = (plan.fixedSteps || USUAL_STEPS) * plan.method.stages;
  // Beside the layers: the stage's point, the time vectors, the trace.
  const dispatches = weights.packing.layers.length + 3;
  return evaluations * (slots * batch * weightCount(weights) + DISPATCH * dispatches);
}

/** @throws ArgumentError, FjordError `limit-exceeded`, leaving nothing allocated */
export async function createForward(
  device: Device,
  integrand: Integrand,
  options: SolvePlan,
): Promise<Forward> {
  if (integrand.kind === "wgsl" || choosePath(integrand, options) === "layered")
    return ForwardSolve.create(device, integrand, options);
  const { batch, plan, trace, keep = 0, loss, probeKey } = options;
  return FusedForward.create(device, integrand.weights, {
    batch,
    plan,
    trace,
    keep,
    cotangents: options.backward !== undefined,
    loss,
    probeKey,
    tiling: usualTiling(device.adapter),
  });
}

/** @param backward steps of the continuous adjoint; none: the discrete one */
export async function createAdjoint(forward: Forward, backward?: StepPlan): Promise<Adjoint> {
  if (forward instanceof FusedForward) {
    return backward ? FusedContinuous.create(forward, backward) : FusedDiscrete.create(forward);
  }
  const layered = forward as ForwardSolve;
  return backward ? ContinuousAdjoint.create(layered, backward) : DiscreteAdjoint.create(layered);
}
