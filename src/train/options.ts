/** What a training run is asked for, checked and with defaults filled in. */

import { backwardPlan, type SolverConfig, solverConfig } from "../cnf/config.js";
import type { Flow } from "../cnf/flow.js";
import type { Dataset } from "../data/dataset.js";
import { type TraceOptions, type TracePlan, tracePlan, trainingTrace } from "../field/trace.js";
import { ArgumentError, DataError, finite, integerIn, oneOf } from "../gpu/errors.js";
import { type StepOptions, type StepPlan, stepPlan } from "../ode/plan.js";
import { checkRegularise, type RegulariseOptions, type Regularisers } from "../ode/regularise.js";
import { checkFinite, type GradientOptions } from "../ode/solve.js";
import type { Layouts } from "./layouts.js";
import { atLeast, checkSchedule, type OptimiserPlan, type ScheduleName } from "./schedule.js";
import { checkWarmStart, type WarmPlan, type WarmStartOptions } from "./warm-start.js";

export interface TrainOptions {
  /** Steps of maximum likelihood, counted from the start of the run (a resumed run included). */
  steps: number;
  /** Rows drawn for each step, with replacement. Default 512. */
  batch?: number;
  /** Learning rate. Default 1e-3. */
  lr?: number;
  /** Default "adam"; "adamw" decouples the weight decay (arXiv:1711.05101). */
  optimiser?: "adam" | "adamw";
  /** Default 0. */
  weightDecay?: number;
  beta1?: number;
  beta2?: number;
  epsilon?: number;
  /** Default "constant"; "cosine" falls to 0 at the last step. */
  schedule?: ScheduleName;
  /** Steps over which the rate rises linearly from 0. Default 0. */
  warmup?: number;
  /** Largest global norm of the gradient; default none. */
  clip?: number;
  /** Decay of an exponential average of θ that becomes the flow's θ at the end; default none. */
  ema?: number;
  /** Default: exact up to 3 dimensions, one Rademacher probe above. */
  trace?: TraceOptions;
  /** Method, steps and tolerances of the solves in training; default those of the flow. */
  solver?: StepOptions;
  /** Default "discrete". */
  gradient?: GradientOptions;
  /**
   * Straighter paths and a smoother field, in which adaptive steps can be longer (RNODE, arXiv:2002.02798): what the
   * likelihood steps minimise is NLL + kinetic · mean ∫ |f|² dt + jacobian · mean ∫ ‖∂f/∂z‖² dt, in standardised
   * coordinates. The losses reported stay the NLL. Default none; needs the discrete gradient.
   */
  regularise?: RegulariseOptions;
  /** Scale the columns of the data to mean 0 and standard deviation 1 in front of the flow. Default true. */
  standardise?: boolean;
  /** Seed of batches and probes. Default 0. */
  seed?: number;
  /**
   * Steps between reports. Default 10. With 1 the flow holds, at each report, the parameters of its step; otherwise the
   * GPU is already at work on the next ones.
   */
  reportEvery?: number;
  /** Steps between evaluations of the held-out rows; default 0, never. */
  evaluateEvery?: number;
  /**
   * Flow matching before maximum likelihood (arXiv:2210.02747): brings a density in a fraction of the time. Default
   * none. It leaves the end time as it is. With steps 0 it is all there is of the run. A checkpoint of the likelihood
   * phase has it behind it.
   */
  warmStart?: WarmStartOptions;
  /** Ends the run between two reports, as if it had reached its last step. */
  signal?: AbortSignal;
  /** A checkpoint to continue from, bit for bit. */
  resume?: Uint8Array;
}

/** Numbers of a run, without the solver; saved in checkpoints. */
export interface TrainPlan extends OptimiserPlan {
  readonly batch: number;
  /** 0: none. */
  readonly clip: number;
  readonly seed: number;
  readonly reportEvery: number;
  readonly evaluateEvery: number;
  readonly trace: TraceOptions;
  readonly gradient: GradientOptions;
  readonly regularise?: Regularisers;
  readonly solver: SolverConfig;
  readonly warmStart?: WarmPlan;
}

export interface CheckedTraining {
  readonly plan: TrainPlan;
  readonly steps: StepPlan;
  readonly backward: StepPlan;
  readonly trace: TracePlan;
  /** Of a checkpoint, or settled when the run begins. */
  readonly layouts?: Layouts;
  readonly warnings: readonly string[];
}

/** With every layout that the run will need. */
export type SettledTraining = CheckedTraining & { readonly layouts: Layouts };

/** @throws ArgumentError, DataError naming the value and the remedy, before anything is changed */
export function checkTraining(flow: Flow, dataset: Dataset, options: TrainOptions): CheckedTraining {
  if (dataset.dim !== flow.dim) {
    throw new ArgumentError(
      `The data has ${dataset.dim} columns, the flow ${flow.dim}.`,
      "Make the field with dim equal to the data's.",
    );
  }
  if (dataset.rows < 1) throw new DataError("The data has no rows.", "Training needs at least one.");
  checkFinite("points", dataset.points, dataset.dim);
  checkFinite("heldOut", dataset.heldOut, dataset.dim);
  // Fixed steps and tolerances exclude each other: settings of the run replace those of the flow as a whole.
  const solver = options.solver ? solverConfig(options.solver) : flow.solver;
  const { gradient = "discrete", lr = 1e-3, schedule = "constant", warmup = 0, warmStart } = options;
  const batch = integerIn("batch", options.batch ?? 512, 1, 1 << 22);
  const trace = options.trace ?? trainingTrace(flow.dim);
  if (trace.kind === "hutchinson" && trace.epsilon) {
    throw new ArgumentError(
      "trace.epsilon was given for training.",
      "Probes of a run are drawn anew in every step: give a seed.",
    );
  }
  const regularise = checkRegularise(options.regularise, { discrete: gradient === "discrete", traced: true });
  const plan: TrainPlan = {
    ...checkSchedule("", { steps: options.steps, lr, schedule, warmup }),
    batch,
    optimiser: oneOf("optimiser", options.optimiser ?? "adam", ["adam", "adamw"]),
    weightDecay: atLeast("weightDecay", options.weightDecay ?? 0, 0),
    beta1: fraction("beta1", options.beta1 ?? 0.9),
    beta2: fraction("beta2", options.beta2 ?? 0.999),
    epsilon: finite("epsilon", options.epsilon ?? 1e-8, 0),
    clip: options.clip === undefined ? 0 : finite("clip", options.clip, 0),
    ema: options.ema === undefined ? 0 : fraction("ema", options.ema),
    seed: integerIn("seed", options.seed ?? 0, 0),
    reportEvery: integerIn("reportEvery", options.reportEvery ?? 10, 1, 512),
    evaluateEvery: integerIn("evaluateEvery", options.evaluateEvery ?? 0, 0),
    trace,
    gradient,
    ...(regularise && { regularise }),
    solver,
    ...(warmStart && { warmStart: checkWarmStart(warmStart) }),
  };
  const steps = stepPlan(solver);
  const backward = backwardPlan(solver, gradient) ?? steps;
  const tracing = tracePlan(trace, flow.dim, batch);
  return { plan, steps, backward, trace: { ...tracing, seed: plan.seed }, warnings: steps.warnings };
}

function fraction(what: string, value: number): number {
  if (!(value >= 0 && value < 1)) throw new ArgumentError(`${what} is ${value}.`, "It must lie in [0, 1).");
  return value;
}
