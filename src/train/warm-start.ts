/**
 * The warm start: some steps of flow matching before maximum likelihood (Lipman et al., arXiv:2210.02747). The field
 * is regressed on the velocity of straight paths between data and base, with no solve and no trace, so a step costs
 * a small fraction of a likelihood step; the weights it leaves are where maximum likelihood begins.
 */
import { finite, integerIn } from "../gpu/errors.js";
import { type StepPlan, stepPlan } from "../ode/plan.js";
import { checkSchedule, type OptimiserPlan, type Schedule, type ScheduleName } from "./schedule.js";

/** Optimiser settings of their own; the optimiser is Adam, which begins anew when the likelihood phase does. */
export interface WarmStartOptions {
  /** Steps of flow matching, counted apart from those of maximum likelihood. */
  steps: number;
  /** Rows drawn for each step, with replacement. Default 512, at most 65,536. */
  batch?: number;
  /** Learning rate. Default 1e-2. */
  lr?: number;
  /** Default "cosine": falls to 0 at the last step of the warm start. */
  schedule?: ScheduleName;
  /** Steps over which the rate rises linearly from 0. Default 0. */
  warmup?: number;
  /** Largest global norm of the gradient; default none. */
  clip?: number;
}

/** Checked, with defaults filled in; saved in checkpoints, and valid as options again. */
export interface WarmPlan extends Schedule {
  readonly batch: number;
  readonly clip?: number;
}

/** One evaluation of the field: what the fused kernels' plan calls one step of Euler's method. */
export const ONE_EVALUATION: StepPlan = stepPlan({ method: "euler", steps: 1 });

/** A step of a fused field is one dispatch: its work must stay below what a driver kills. */
const MOST_ROWS = 1 << 16;

/** @throws ArgumentError naming the value */
export function checkWarmStart(options: WarmStartOptions): WarmPlan {
  const { steps, batch = 512, lr = 1e-2, schedule = "cosine", warmup = 0, clip } = options;
  return {
    ...checkSchedule("warmStart.", { steps, lr, schedule, warmup }),
    batch: integerIn("warmStart.batch", batch, 1, MOST_ROWS),
    ...(clip !== undefined && { clip: finite("warmStart.clip", clip, 0) }),
  };
}

/** Adam as its paper has it (arXiv:1412.6980), without decay and average. */
export function warmOptimiser({ steps, lr, schedule, warmup }: WarmPlan): OptimiserPlan {
  const adam = { optimiser: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;
  return { steps, lr, schedule, warmup, ...adam, weightDecay: 0, ema: 0 };
}
