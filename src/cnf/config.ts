/** What a flow is, as plain data: the part that is saved with its weights. */
import type { MlpField } from "../field/mlp.js";
import { type MlpOptions, mlpSpec } from "../field/spec.js";
import type { TraceOptions } from "../field/trace.js";
import { ArgumentError, finite, integerIn, oneOf } from "../gpu/errors.js";
import { type StepOptions, type StepPlan, stepPlan } from "../ode/plan.js";
import type { GradientOptions } from "../ode/solve.js";

/** Scaling of the data before the flow: s = (x − mean) / std, column by column. */
export interface Standardisation {
  readonly mean: Float32Array;
  readonly std: Float32Array;
}

export interface CnfOptions extends StepOptions {
  field: MlpField;
  /** Seed of the initial weights (default 0). */
  seed?: number;
  /** θ [P] instead of initial weights. */
  params?: Float32Array;
  /** End of the integration: data at 0, base N(0, I) at T. Default 1. */
  T?: number;
  /** Learn T with the weights (as T = τ², FFJORD's sqrt_end_time). Default false. */
  trainT?: boolean;
  /** Trace behind logProb and transform; default exact. */
  trace?: TraceOptions;
  standardisation?: Standardisation;
  /**
   * How often a solve of one kind is going to be asked for, as far as is known; default 1. Kernels for the shape of the
   * field take time to compile, and by this it is judged whether they pay.
   */
  uses?: number;
}

/** Solver settings of a flow: those of StepOptions that were given, without the rest. */
export type SolverConfig = Pick<
  StepOptions,
  | "method"
  | "steps"
  | "rtol"
  | "atol"
  | "controller"
  | "firstStep"
  | "minStep"
  | "maxStep"
  | "maxSteps"
  | "path"
>;

export function solverConfig(options: StepOptions): SolverConfig {
  const { method, steps, rtol, atol, controller, firstStep, minStep, maxStep, maxSteps, path } = options;
  const config = { method, steps, rtol, atol, controller, firstStep, minStep, maxStep, maxSteps, path };
  return Object.fromEntries(
    Object.entries(config).filter(([, value]) => value !== undefined),
  ) as SolverConfig;
}

/** Steps of a training step's continuous adjoint; undefined for the discrete one. @throws ArgumentError */
export function backwardPlan(solver: SolverConfig, gradient: GradientOptions): StepPlan | undefined {
  if (typeof gradient === "object") return stepPlan({ ...solver, ...solverConfig(gradient) });
  return oneOf("gradient", gradient, ["discrete", "continuous"]) === "discrete"
    ? undefined
    : stepPlan(solver);
}

/** @throws ArgumentError naming the value */
export function checkCnf(options: CnfOptions): void {
  const { field, params, standardisation } = options;
  integerIn("seed", options.seed ?? 0, 0);
  finite("T", options.T ?? 1, 0);
  integerIn("uses", options.uses ?? 1, 1);
  stepPlan(options);
  if (params && params.length !== field.paramCount) {
    throw new ArgumentError(`params has ${params.length} entries.`, `This field takes ${field.paramCount}.`);
  }
  if (standardisation) checkStandardisation(standardisation, field.dim);
}

export function checkStandardisation({ mean, std }: Standardisation, dim: number): void {
  if (mean.length !== dim || std.length !== dim) {
    throw new ArgumentError(`The standardisation has ${mean.length} columns.`, `The field has ${dim}.`);
  }
  mean.forEach((value, d) => {
    finite(`standardisation.mean[${d}]`, value);
  });
  std.forEach((value, d) => {
    finite(`standardisation.std[${d}]`, value, 0);
  });
}

/** The JSON that stands in a file's metadata. */
export interface SavedConfig {
  readonly field: MlpOptions;
  readonly solver: SolverConfig;
  readonly trainT: boolean;
  readonly seed: number;
}

/** Reads back what was saved. @throws ArgumentError when a value is out of its range */
export function parseConfig(text: string): SavedConfig {
  const raw = JSON.parse(text) as Partial<SavedConfig> | null;
  if (typeof raw !== "object" || raw === null || typeof raw.field !== "object" || raw.field === null) {
    throw new ArgumentError("The configuration has no field.", "Is this a model saved by fjordgpu?");
  }
  const field = mlpSpec(raw.field);
  const solver = solverConfig((raw.solver ?? {}) as StepOptions);
  stepPlan(solver);
  return { field, solver, trainT: raw.trainT === true, seed: integerIn("seed", raw.seed ?? 0, 0) };
}
