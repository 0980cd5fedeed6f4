/**
 * Training in float64, step by step, with the batches and probes that the GPU draws for itself: the oracle of the
 * training step with all its options. Written out in full rather than sharing anything of src/train.
 */
import type { CnfOptions } from "../../src/cnf/index.js";
import { type Dataset, standardisation, standardise } from "../../src/data/index.js";
import { initialParams } from "../../src/field/mlp.js";
import type { TraceOptions } from "../../src/field/trace.js";
import { adamStart, adamStep } from "../../src/reference/adam.js";
import { lossGradient } from "../../src/reference/cnf.js";
import type { SolveOptions } from "../../src/reference/integrate.js";
import { exactTrace, hutchinsonTrace, type Trace } from "../../src/reference/trace.js";
import { PURPOSE, randomIndices, randomNormal, randomRademacher } from "../../src/tensor/random.js";
import type { TrainOptions } from "../../src/train/index.js";

export interface ReferenceRun {
  /** NLL of each step in nats, in data coordinates. */
  readonly losses: number[];
  readonly gradNorms: number[];
  readonly rates: number[];
  /** [P + 1]: θ and τ = √T at the start and at the end; the average where one is kept, else empty. */
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly average: Float64Array;
  /** Moments of Adam, [P], or [P + 1] with a trained T. */
  readonly m: Float64Array;
  readonly v: Float64Array;
}

function solverOf(options: CnfOptions | NonNullable<TrainOptions["solver"]>): SolveOptions {
  const { method = "dopri5", steps, rtol = 1e-5, atol = 1e-5, controller, maxStep } = options;
  return steps === undefined ? { method, rtol, atol, controller, maxStep } : { method, steps };
}

/** Probe (k, sample, d) is element (sample K + k) D + d of the stream of the step. */
function traceOf(options: TrainOptions, dim: number, step: number): Trace {
  const { batch = 512, seed = 0 } = options;
  const trace: TraceOptions = options.trace ?? (dim <= 3 ? { kind: "exact" } : { kind: "hutchinson" });
  if (trace.kind === "exact" || trace.distribution === "orthogonal") return exactTrace(batch, dim);
  const { probes = 1, distribution = "rademacher" } = trace;
  const key = { seed, purpose: PURPOSE.probe, step };
  const draw = distribution === "gaussian" ? randomNormal : randomRademacher;
  const words = draw(probes * batch * dim, key);
  return hutchinsonTrace(
    Array.from({ length: probes }, (_, k) =>
      Float64Array.from({ length: batch * dim }, (_, i) => {
        const sample = Math.floor(i / dim);
        return words[(sample * probes + k) * dim + (i % dim)]!;
      }),
    ),
  );
}

/** The rate of a step counted from 0. */
function rateOf(options: TrainOptions, step: number): number {
  const { lr = 1e-3, warmup = 0, schedule = "constant", steps } = options;
  if (step < warmup) return (lr * (step + 1)) / warmup;
  if (schedule === "constant") return lr;
  return (lr * (1 + Math.cos((Math.PI * (step - warmup)) / (steps - warmup)))) / 2;
}

/** Orthogonal probes must be as many as dimensions: they then give the exact trace, whatever their directions. */
export function referenceTraining(flow: CnfOptions, dataset: Dataset, options: TrainOptions): ReferenceRun {
  const { spec, dim, paramCount } = flow.field;
  const { batch = 512, seed = 0, standardise: scale = true, gradient = "discrete", ema = 0, clip } = options;
  const scaling = flow.standardisation ?? (scale ? standardisation(dataset.points, dim) : undefined);
  const rows = scaling ? standardise(dataset.points, scaling) : dataset.points;
  const logScale = scaling ? scaling.std.reduce((sum, std) => sum + Math.log(std), 0) : 0;
  const solver = solverOf(options.solver ?? flow);
  const backward =
    typeof gradient === "object" ? solverOf({ ...(options.solver ?? flow), ...gradient }) : solver;
  const mode = typeof gradient === "object" ? gradient.kind : gradient;
  const params = flow.params ?? initialParams(spec, flow.seed ?? 0);
  // T is what an f32 makes of its root's square.
  const start = Float64Array.of(...params, Math.fround(Math.sqrt(flow.T ?? 1)));
  const trained = paramCount + (flow.trainT ? 1 : 0);
  let state = adamStart(start.slice(0, trained));
  let average = ema > 0 ? state.theta.slice() : new Float64Array();
  const losses: number[] = [];
  const gradNorms: number[] = [];
  const rates: number[] = [];
  for (let step = 0; step < options.steps; step++) {
    const indices = randomIndices(batch, dataset.rows, { seed, purpose: PURPOSE.batch, step });
    const x = Float64Array.from({ length: batch * dim }, (_, i) => {
      return rows[indices[Math.floor(i / dim)]! * dim + (i % dim)]!;
    });
    const tau = flow.trainT ? state.theta[paramCount]! : start[paramCount]!;
    const t1 = flow.trainT ? tau * tau : (flow.T ?? 1);
    const at = { spec, theta: state.theta.slice(0, paramCount), t0: 0, t1, options: solver };
    const result = lossGradient(at, x, traceOf(options, dim, step), mode, backward, {
      kinetic: options.regularise?.kinetic ?? 0,
      jacobian: options.regularise?.jacobian ?? 0,
    });
    const g = new Float64Array(trained);
    g.set(result.gradient.theta);
    if (flow.trainT) g[paramCount] = 2 * tau * result.gradient.t1;
    const norm = Math.sqrt(g.reduce((sum, v) => sum + v * v, 0));
    const factor = clip !== undefined && norm > clip ? clip / norm : 1;
    const lr = rateOf(options, step);
    const { beta1, beta2, epsilon: eps, weightDecay = 0, optimiser = "adam" } = options;
    const decay = optimiser === "adamw" ? "decoupled" : "l2";
    const settings = { lr, beta1, beta2, eps, decay } as const;
    const clipped = g.map((v) => factor * v);
    const next = adamStep(state, clipped, { ...settings, weightDecay });
    if (flow.trainT && weightDecay > 0) {
      // The end time is not a weight: it does not decay.
      const free = adamStep(state, clipped, settings);
      for (const key of ["theta", "m", "v"] as const) next[key][paramCount] = free[key][paramCount]!;
    }
    state = next;
    average = average.map((v, i) => ema * v + (1 - ema) * state.theta[i]!);
    losses.push(result.loss + logScale);
    gradNorms.push(norm);
    rates.push(lr);
  }
  const end = start.slice();
  end.set(state.theta);
  return { losses, gradNorms, rates, start, end, average, m: state.m, v: state.v };
}
