/** Learning rates over the steps of a phase, and the numbers of the optimiser that go with them. */
import { ArgumentError, finite, integerIn, oneOf } from "../gpu/errors.js";

export const SCHEDULES = ["constant", "cosine"] as const;
export type ScheduleName = (typeof SCHEDULES)[number];

export interface Schedule {
  readonly steps: number;
  readonly lr: number;
  readonly schedule: ScheduleName;
  /** Steps over which the rate rises linearly from 0. */
  readonly warmup: number;
}

/** What Adam and AdamW take. */
export interface OptimiserPlan extends Schedule {
  readonly optimiser: "adam" | "adamw";
  readonly weightDecay: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Decay of the average of θ; 0: none. */
  readonly ema: number;
}

/** @param prefix what stands before a name in messages @throws ArgumentError naming the value */
export function checkSchedule(prefix: string, asked: Schedule): Schedule {
  return {
    steps: integerIn(`${prefix}steps`, asked.steps, 0, 2 ** 24 - 1),
    lr: atLeast(`${prefix}lr`, asked.lr, 0),
    schedule: oneOf(`${prefix}schedule`, asked.schedule, SCHEDULES),
    warmup: integerIn(`${prefix}warmup`, asked.warmup, 0),
  };
}

/** Learning rate of a step counted from 0: linear warm-up, then the schedule over what is left. */
export function learningRate(plan: Schedule, step: number): number {
  if (step < plan.warmup) return (plan.lr * (step + 1)) / plan.warmup;
  if (plan.schedule === "constant") return plan.lr;
  const done = (step - plan.warmup) / Math.max(1, plan.steps - plan.warmup);
  return 0.5 * plan.lr * (1 + Math.cos(Math.PI * Math.min(1, done)));
}

/** @throws ArgumentError where the value, or the f32 nearest to it, is not a finite number of at least `least` */
export function atLeast(what: string, value: number, least: number): number {
  // The GPU computes with the f32 nearest to it.
  if (finite(what, value) < least || !Number.isFinite(Math.fround(value)))
    throw new ArgumentError(`${what} is ${value}.`, `It must be at least ${least} and within f32.`);
  return value;
}
