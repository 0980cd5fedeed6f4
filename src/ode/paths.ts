/** Which way a solve is carried out, and the objects that do it. */
import type { MlpSpec } from "../field/spec.js";
import { type Weights, weightCount } from "../field/weights.js";
import type { Device } from "../gpu/device.js";
import { ArgumentError } from "../gpu/errors.js";
import { calibrationOf } from "./calibration.js";
import { measuredPath, ruleOf, type SolveWork, TRAINING_USES } from "./estimate.js";
import type { Adjoint, Forward, Path } from "./execution.js";
import type { ForwardOptions, ForwardSolve, Integrand } from "./forward.js";
import { FusedForward } from "./fused-forward.js";
import { forwardShape, fusedRefusal } from "./fused-plan.js";
import { type Layout, usualLayout } from "./layout.js";
import type { StepPlan } from "./plan.js";

export interface SolvePlan extends ForwardOptions {
  /** The steps of the continuous adjoint that will follow, if one will. */
  readonly backward?: StepPlan;
  /** How often the solve will run, as far as is known (default 1): kernels made for its shape must pay. */
  readonly uses?: number;
  /** The loss of training follows. */
  readonly loss?: boolean;
  /** Chosen already: neither `plan.path` nor the device is asked. It must suit both. */
  readonly layout?: Layout;
}

/** Steps an adaptive solve is taken to need. */
const USUAL_STEPS = 16;

export interface PathChoice {
  readonly path: Path;
  /** Why, as a sentence. */
  readonly reason: string;
}

const WGSL = "The fused path takes MLP fields; this one is written in WGSL.";

/** Why the fused path does not take this solve, as a sentence; undefined if it does. */
export function whyLayered(integrand: Integrand, options: SolvePlan): string | undefined {
  if (integrand.kind === "wgsl") return WGSL;
  if (options.tangents) return "The fused path carries no tangents through a solve.";
  if (options.record) return "The fused path records no states between the ends.";
  return whyNotFused(integrand.weights.packing.spec, options);
}

/** As far as it follows from sizes. */
export function whyNotFused(
  spec: MlpSpec,
  { plan, backward }: Pick<SolvePlan, "plan" | "backward">,
): string | undefined {
  return fusedRefusal(spec, plan) ?? (backward && fusedRefusal(spec, backward));
}

/**
 * Measures the device where the choice depends on it and nothing is remembered of its adapter.
 * @throws ArgumentError when the fused path is asked for and does not take this solve; DeviceLostError
 */
export async function choosePath(
  device: Device,
  integrand: Integrand,
  options: SolvePlan,
): Promise<PathChoice> {
  const { path } = options.plan;
  if (path === "layered") return { path, reason: 'path: "layered" was asked for.' };
  const refusal = whyLayered(integrand, options);
  if (path === "fused") {
    if (refusal) throw new ArgumentError(refusal, 'Give path: "auto", or "layered".');
    return { path, reason: 'path: "fused" was asked for.' };
  }
  if (refusal !== undefined || integrand.kind === "wgsl") return { path: "layered", reason: refusal ?? WGSL };
  const work = solveWork(integrand.weights, options);
  const rule = ruleOf(work);
  const chosen = rule.certain
    ? rule.path
    : measuredPath(work, await calibrationOf(device), device.adapter.isSoftware);
  const repaid = chosen === "fused" ? "So many rows repay" : "So few rows do not repay";
  return { path: chosen, reason: `${repaid} the compilation of kernels for this shape.` };
}

/** How a solve is going to be laid out, chosen and nothing made. @throws ArgumentError, DeviceLostError */
export async function chooseLayout(device: Device, weights: Weights, options: SolvePlan): Promise<Layout> {
  const { path } = await choosePath(device, { kind: "mlp", weights }, options);
  return usualLayout(device, path, forwardShape(weights.packing, options, options.keep ?? 0), weights);
}

/**
 * The solve of a likelihood step. @param backward steps of the continuous adjoint; none: the discrete one
 * @param kept steps there is room for, where their number is not fixed
 */
export function trainingSolve(
  { batch, plan, trace }: Pick<SolvePlan, "batch" | "plan" | "trace">,
  backward: StepPlan | undefined,
  kept: number,
): SolvePlan {
  const keep = backward ? 0 : plan.fixedSteps || kept;
  return { batch, plan, trace, keep, loss: true, uses: TRAINING_USES, backward };
}

/** What a forward solve of an MLP has to do. */
export function solveWork(weights: Weights, { batch, plan, trace, uses = 1 }: SolvePlan): SolveWork {
  return {
    evaluations: (plan.fixedSteps || USUAL_STEPS) * plan.method.stages,
    multiplyAdds: (1 + (trace?.probes ?? 0)) * batch * weightCount(weights),
    // Beside the layers: the stage's point, the time vectors, the trace.
    dispatches: weights.packing.layers.length + 3,
    uses,
  };
}

/** @throws ArgumentError, FjordError `limit-exceeded`, leaving nothing allocated */
export async function createForward(
  device: Device,
  integrand: Integrand,
  options: SolvePlan,
): Promise<Forward> {
  if (integrand.kind === "wgsl") {
    await choosePath(device, integrand, options);
    return (await import("./forward.js")).ForwardSolve.create(device, integrand, options);
  }
  const layout = options.layout ?? (await chooseLayout(device, integrand.weights, options));
  if (layout.path === "layered") {
    const form = layout.form === "strip" ? "strip" : "block";
    return (await import("./forward.js")).ForwardSolve.create(device, integrand, { ...options, form });
  }
  const { batch, plan, trace, keep = 0, loss, probeKey, regularise } = options;
  return FusedForward.create(device, integrand.weights, {
    batch,
    plan,
    trace,
    keep,
    cotangents: options.backward !== undefined,
    loss,
    probeKey,
    regularise,
    tiling: layout,
  });
}

/**
 * What goes back is fetched when it is needed: a page that only evaluates does without.
 * @param backward steps of the continuous adjoint; none: the discrete one
 */
export async function createAdjoint(forward: Forward, backward?: StepPlan): Promise<Adjoint> {
  if (forward instanceof FusedForward) {
    return backward
      ? (await import("./fused-continuous.js")).FusedContinuous.create(forward, backward)
      : (await import("./fused-discrete.js")).FusedDiscrete.create(forward);
  }
  const layered = forward as ForwardSolve;
  return backward
    ? (await import("./continuous.js")).ContinuousAdjoint.create(layered, backward)
    : (await import("./discrete.js")).DiscreteAdjoint.create(layered);
}
