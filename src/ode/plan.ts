/** What a solve is asked for, checked and with defaults filled in: no GPU here. */
import { ArgumentError, finite, integerIn, oneOf } from "../gpu/errors.js";
import { PATHS, type Path } from "./execution.js";
import { METHOD_NAMES, type Method, type MethodName, method } from "./methods.js";

/**
 * Exponents (β1, β2, β3) on the error ratios of this step and the two before, each over q: Söderlind, "Digital
 * filters in adaptive time-stepping", ACM TOMS 29 (2003). PI is Gustafsson's PI.3.4, PID is H312PID.
 */
export const CONTROLLERS = { I: [1, 0, 0], PI: [0.7, -0.4, 0], PID: [1 / 18, 1 / 9, 1 / 18] } as const;
export type ControllerName = keyof typeof CONTROLLERS;

/** Tolerances below this are raised to it: the stages of a step cannot agree better in f32. */
export const RTOL_FLOOR = 1e-6;

export interface StepOptions {
  /** Default "dopri5". */
  method?: MethodName;
  /** Fixed steps: how many. Absent: adaptive steps. */
  steps?: number;
  /** Adaptive steps: error per step ≤ atol + rtol |state| in the root mean square. Default 1e-5 each. */
  rtol?: number;
  atol?: number;
  /** Default "I". */
  controller?: ControllerName;
  /** Length of the first step; default by Hairer's rule (two more norms, one more evaluation). */
  firstStep?: number;
  /** Steps are never shorter; default 0 (what f32 resolves). */
  minStep?: number;
  /** Steps are never longer; default none. */
  maxStep?: number;
  /**
   * How the solve is carried out: "fused" in one dispatch, "layered" by one dispatch per layer and stage; default
   * "auto", what is faster of those that take the shape.
   */
  path?: Path | "auto";
  /** Accepted and rejected steps together; default 10,000 (512 where the steps are kept, for a discrete gradient or a record). */
  maxSteps?: number;
}

export interface StepPlan {
  readonly method: Method;
  /** 0: adaptive. */
  readonly fixedSteps: number;
  readonly rtol: number;
  readonly atol: number;
  readonly controller: ControllerName;
  readonly firstStep: number;
  readonly minStep: number;
  readonly maxStep: number;
  readonly maxSteps: number;
  readonly path: Path | "auto";
  /** What was changed of the request, in sentences for the user. */
  readonly warnings: readonly string[];
}

const LONGEST = 3e38;

/** @throws ArgumentError naming the value and the remedy */
export function stepPlan(options: StepOptions, defaultMaxSteps = 10_000): StepPlan {
  const chosen = method(options.method ?? "dopri5");
  const warnings: string[] = [];
  const fixedSteps = options.steps === undefined ? 0 : integerIn("steps", options.steps, 1, 1_000_000);
  if (fixedSteps === 0 && !chosen.e) {
    throw new ArgumentError(
      `${chosen.name} has no error estimate, so it cannot choose its steps.`,
      `Give steps, or use an adaptive method: ${METHOD_NAMES.filter((name) => method(name).e).join(", ")}.`,
    );
  }
  const tolerance = (name: "rtol" | "atol") => {
    const value = finite(name, options[name] ?? 1e-5, 0);
    if (name === "atol" || value >= RTOL_FLOOR) return value;
    warnings.push(`rtol ${value} is below what f32 can keep; ${RTOL_FLOOR} is used instead.`);
    return RTOL_FLOOR;
  };
  const minStep = options.minStep === undefined ? 0 : finite("minStep", options.minStep, 0);
  const maxStep = options.maxStep === undefined ? LONGEST : finite("maxStep", options.maxStep, 0);
  if (minStep > maxStep)
    throw new ArgumentError(`minStep ${minStep} is above maxStep ${maxStep}.`, "Lower minStep.");
  return {
    method: chosen,
    fixedSteps,
    rtol: tolerance("rtol"),
    atol: tolerance("atol"),
    controller: oneOf("controller", options.controller ?? "I", Object.keys(CONTROLLERS) as ControllerName[]),
    firstStep: options.firstStep === undefined ? 0 : finite("firstStep", options.firstStep, 0),
    minStep,
    maxStep,
    maxSteps:
      fixedSteps > 0 ? fixedSteps : integerIn("maxSteps", options.maxSteps ?? defaultMaxSteps, 1, 1_000_000),
    path: oneOf("path", options.path ?? "auto", ["auto", ...PATHS]),
    warnings,
  };
}

/**
 * The method with its slope at the end of the step as one more stage, where it has none: the last stage of one
 * step is then the first of the next, and dense output has both slopes.
 */
export function withEndSlope(base: Method): Method {
  if (base.fsal) return base;
  return {
    ...base,
    stages: base.stages + 1,
    c: [...base.c, 1],
    a: [...base.a, base.b],
    b: [...base.b, 0],
    e: base.e && [...base.e, 0],
    fsal: true,
  };
}

/** Stages whose cotangent is not zero by the tableau, last first: those that z_{n+1} depends on. */
export function usedStages({ method }: Pick<StepPlan, "method">): number[] {
  const { a, b, stages } = method;
  const used: number[] = [];
  for (let i = stages - 1; i >= 0; i--) {
    if (b[i] !== 0 || used.some((j) => (a[j]![i] ?? 0) !== 0)) used.push(i);
  }
  return used;
}

/**
 * Weights of dense output as polynomials: row j holds the coefficients of x, x², … (at most x⁸) of b_j(x). The method's own
 * where published, else the cubic Hermite polynomial through both ends and slopes.
 */
export function denseWeights(fsal: Method): number[][] {
  if (fsal.dense) return fsal.dense.map((row) => [...row]);
  return fsal.b.map((b, j) => {
    const first = j === 0 ? 1 : 0;
    const last = j === fsal.stages - 1 ? 1 : 0;
    return [first, 3 * b - 2 * first - last, -2 * b + first + last];
  });
}
