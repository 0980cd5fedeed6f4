/**
 * Solves y' = f(t, y) for any f in float64: fixed steps of any method, or adaptive ones, in either direction of
 * time. The oracle of the solver kernels, hence written for reading rather than speed.
 */
import { ArgumentError, finite, integerIn, oneOf } from "../gpu/errors.js";
import { type Method, type MethodName, method as methodNamed } from "../ode/methods.js";
import {
  CONTROLLERS,
  type ControllerName,
  firstStep,
  norm,
  type Segments,
  stepFactor,
} from "./controller.js";
import { interpolate, type RightHandSide, type Step, step } from "./runge-kutta.js";

/** Steps are fixed where `steps` or `nodes` is given, else adaptive. */
export interface SolveOptions {
  readonly method: MethodName;
  /** N equal steps. */
  readonly steps?: number;
  /** Ends of the steps, from t0 to t1: repeats the steps of another solve. Wins over `steps`. */
  readonly nodes?: readonly number[];
  /** Relative and absolute tolerance of an adaptive solve; 1e-5 each (FFJORD's) unless given. */
  readonly rtol?: number;
  readonly atol?: number;
  /** "I" unless given. */
  readonly controller?: ControllerName;
  /** Positive lengths whatever the direction. Hairer's rule chooses the first step where none is given. */
  readonly firstStep?: number;
  readonly minStep?: number;
  readonly maxStep?: number;
  /** Most attempts, accepted or rejected; 100,000 unless given. */
  readonly maxSteps?: number;
  /** Times at which the value is wanted, in the order of the solve, within [t0, t1]. */
  readonly times?: readonly number[];
}

export type SolveStatus = "ok" | "max-steps" | "step-underflow" | "non-finite";

/** An accepted step: from (t, y) to t + dt; dt is negative where t1 < t0. */
export interface AcceptedStep {
  readonly t: number;
  readonly dt: number;
  readonly y: Float64Array;
}

export interface Solution {
  /** Anything but "ok" marks a partial result: `y` is the value at `t`. */
  readonly status: SolveStatus;
  readonly t: number;
  readonly y: Float64Array;
  readonly steps: readonly AcceptedStep[];
  readonly rejected: readonly { t: number; dt: number }[];
  /** Values at `times`; fewer than asked for in a partial result. */
  readonly at: readonly Float64Array[];
  /** Evaluations of f. */
  readonly nfe: number;
}

/**
 * @param y0 state at t0, not changed
 * @param segments parts of the state that the error norm sees, each with an RMS of its own; unless given: all
 * @throws ArgumentError on options that make no sense; what happens in the solve is a status
 */
export function integrate(
  f: RightHandSide,
  t0: number,
  t1: number,
  y0: Float64Array,
  options: SolveOptions,
  segments: Segments = [[0, y0.length]],
): Solution {
  finite("t0", t0);
  finite("t1", t1);
  const method = methodNamed(options.method);
  let nfe = 0;
  const counted: RightHandSide = (t, y) => {
    nfe++;
    return f(t, y);
  };
  const recorder = new Recorder(counted, method, t0, t1, y0, options.times ?? []);
  const status =
    options.nodes || options.steps !== undefined
      ? fixedSolve(recorder, nodesOf(t0, t1, options))
      : adaptiveSolve(recorder, t0, t1, options, segments);
  const { t, y, steps, rejected, at } = recorder;
  return { status, t, y, steps, rejected, at, nfe };
}

/** Where a solve stands, and what it keeps. */
class Recorder {
  readonly steps: AcceptedStep[] = [];
  readonly rejected: { t: number; dt: number }[] = [];
  readonly at: Float64Array[] = [];
  /** f(t, y), once it is known. */
  private slope: Float64Array | undefined;

  constructor(
    readonly f: RightHandSide,
    readonly method: Method,
    public t: number,
    t1: number,
    public y: Float64Array,
    private readonly times: readonly number[],
  ) {
    const direction = Math.sign(t1 - t);
    times.forEach((time, i) => {
      const before = i === 0 ? t : times[i - 1]!;
      if (!((time - before) * direction >= 0 && (t1 - time) * direction >= 0)) {
        throw new ArgumentError(`times[${i}] is ${time}.`, `Times must go from ${t} to ${t1} in order.`);
      }
    });
    while (this.at.length < times.length && times[this.at.length] === t) this.at.push(y);
  }

  get f0(): Float64Array {
    this.slope ??= this.f(this.t, this.y);
    return this.slope;
  }

  try(h: number): Step {
    return step(this.f, this.method, this.t, h, this.y, this.f0);
  }

  /** Takes the step, and interpolates the times it passes. `end` is t + h, rounded as the caller wants it. */
  accept(result: Step, h: number, end: number): void {
    const from = { t: this.t, dt: h, y: this.y };
    this.steps.push(from);
    this.t = end;
    this.y = result.y1;
    this.slope = this.method.fsal ? result.k[this.method.stages - 1] : undefined;
    while (this.at.length < this.times.length) {
      const time = this.times[this.at.length]!;
      if ((time - end) * Math.sign(h) > 0) break;
      this.at.push(
        time === end ? this.y : interpolate(this.method, from.y, h, result, this.f0, (time - from.t) / h),
      );
    }
  }
}

function nodesOf(t0: number, t1: number, options: SolveOptions): readonly number[] {
  if (options.nodes) {
    if (options.nodes[0] !== t0 || options.nodes[options.nodes.length - 1] !== t1) {
      throw new ArgumentError("nodes do not go from t0 to t1.", `Begin with ${t0} and end with ${t1}.`);
    }
    return options.nodes;
  }
  const steps = integerIn("steps", options.steps!, 1);
  // t0 + n h, not a running sum: the rounding of one time then never reaches the next.
  return Array.from({ length: steps + 1 }, (_, n) => (n === steps ? t1 : t0 + (n * (t1 - t0)) / steps));
}

function fixedSolve(recorder: Recorder, nodes: readonly number[]): SolveStatus {
  for (const end of nodes.slice(1)) {
    const h = end - recorder.t;
    recorder.accept(recorder.try(h), h, end);
    if (!recorder.y.every(Number.isFinite)) return "non-finite";
  }
  return "ok";
}

function adaptiveSolve(
  recorder: Recorder,
  t0: number,
  t1: number,
  options: SolveOptions,
  segments: Segments,
): SolveStatus {
  const { method } = recorder;
  if (method.embeddedOrder === undefined) {
    throw new ArgumentError(
      `method is "${method.name}", which has no error estimate.`,
      "Give a number of steps, or a method with an embedded solution, e.g. dopri5.",
    );
  }
  const atol = finite("atol", options.atol ?? 1e-5, 0);
  const rtol = finite("rtol", options.rtol ?? 1e-5);
  const controller = oneOf(
    "controller",
    options.controller ?? "I",
    Object.keys(CONTROLLERS) as ControllerName[],
  );
  const direction = Math.sign(t1 - t0);
  // Below this a step no longer moves t.
  const smallest = options.minStep ?? 16 * Number.EPSILON * Math.max(Math.abs(t0), Math.abs(t1));
  const longest = options.maxStep ?? Number.POSITIVE_INFINITY;
  const most = integerIn("maxSteps", options.maxSteps ?? 100_000, 1);
  if (direction === 0) return "ok";
  if (!recorder.f0.every(Number.isFinite)) return "non-finite";

  let h =
    options.firstStep ??
    firstStep(recorder.f, method, t0, direction, recorder.y, recorder.f0, { rtol, atol }, segments);
  if (!Number.isFinite(h)) return "non-finite";
  let history: number[] = [];
  for (let attempt = 0; attempt < most; attempt++) {
    h = Math.max(Math.min(h, longest), smallest);
    const rest = Math.abs(t1 - recorder.t);
    // A remainder of rounding size is taken along rather than left to a step of its own.
    const last = h * (1 + 1e-12) >= rest;
    const dt = direction * (last ? rest : h);
    const result = recorder.try(dt);
    const scale = recorder.y.map((v, j) => atol + rtol * Math.max(Math.abs(v), Math.abs(result.y1[j]!)));
    const ratio = norm(result.error!, scale, segments);
    if (ratio <= 1) {
      recorder.accept(result, dt, last ? t1 : recorder.t + dt);
      if (last) return "ok";
      h *= stepFactor(controller, method.embeddedOrder + 1, [ratio, ...history]);
      history = [ratio, ...history].slice(0, 2);
    } else {
      recorder.rejected.push({ t: recorder.t, dt });
      if (Math.abs(dt) <= smallest) return Number.isFinite(ratio) ? "step-underflow" : "non-finite";
      // An overflow says nothing about how much too long the step was.
      h =
        Math.abs(dt) *
        (Number.isFinite(ratio) ? stepFactor(controller, method.embeddedOrder + 1, [ratio]) : 0.2);
    }
  }
  return "max-steps";
}
