/**
 * Records one training step in all its parts, in the worker. The step is taken on a copy of the flow: the run itself
 * stays where it is, and its next step is this one.
 */
import { cnf, type data, FjordError, type Flow, type SolveOptions, solve, trainingBatch } from "fjordgpu";
import { scalingOf } from "../../shared/carry.js";
import { cellCentres } from "../../shared/grid.js";
import type { Config } from "../config.js";
import { setOf } from "../sets.js";
import { trainingOf } from "../training.js";
import { FRAMES, SHOWN, type SlowStep } from "./protocol.js";

/** Cells along a side of the two densities. */
const SIZE = { software: 48, hardware: 128 };
const LOG_2_PI = Math.log(2 * Math.PI);

export interface Subject {
  readonly flow: Flow;
  readonly dataset: data.Dataset;
  readonly config: Config;
  /** The run as it stands, if it has begun. */
  readonly checkpoint: Uint8Array | undefined;
  readonly keepScaling: boolean;
  readonly caution: number;
  readonly signal: AbortSignal;
}

/** @throws FjordError `solve-failed`, `non-finite`, `aborted`, DeviceLostError */
export async function recordStep(subject: Subject): Promise<SlowStep> {
  const { dataset, config, signal } = subject;
  const { flow, before: weights, report, isNext } = await takeStep(subject);
  try {
    const { mean, std } = scalingOf(flow);
    const T = await flow.T();
    const batch = trainingBatch(dataset, { batch: config.batch, seed: config.seed, step: report.step });
    const { kinetic, jacobian } = config;
    const own: Own = { flow, T, params: weights, regularise: { kinetic, jacobian }, signal };
    const back = await walk(own, batch);
    const cells = cellCentres(
      flow.device.adapter.isSoftware ? SIZE.software : SIZE.hardware,
      setOf(config).window,
    );
    const after = await flow.params();
    const densityAfter = await flow.logProb(cells, { signal });
    const nllAfter = meanOf(await flow.logProb(batch, { signal }));
    await flow.setParams(weights);
    const densityBefore = await flow.logProb(cells, { signal });
    return {
      type: "slow-step",
      step: report.step,
      isNext,
      batch,
      rows: dataset.rows,
      T,
      mean,
      std,
      ...back,
      before: -meanOf(back.logProb),
      after: -nllAfter,
      gradNorm: report.gradNorm,
      nfe: report.nfe,
      nfeBackward: report.nfeBackward,
      lr: report.lr,
      updateNorm: norm(after.map((value, i) => value - weights[i]!)),
      paramNorm: norm(weights),
      parameters: weights.length,
      isEstimated: config.trace !== "exact",
      size: Math.sqrt(cells.length / 2),
      densityBefore,
      densityAfter,
    };
  } finally {
    flow.dispose();
  }
}

/** The next step of maximum likelihood, by the trainer itself. @returns the copy after it, and θ before it */
async function takeStep(subject: Subject) {
  const { checkpoint } = subject;
  // A run in its warm start has no solve to show: then it is the first step after it, from where the flow is now.
  for (const resume of checkpoint ? [checkpoint, undefined] : [undefined]) {
    const copy = await copyOf(subject.flow);
    try {
      const before = await copy.params();
      const { config, dataset, keepScaling, caution, signal } = subject;
      // One more than the run may take: what has ended can be looked at too.
      const run = trainingOf(
        copy,
        dataset,
        { ...config, steps: config.steps + 1, ...(!resume && { warm: 0 }) },
        {
          resume,
          keepScaling,
          caution,
          signal,
          reportEvery: 1,
          evaluateEvery: 0,
        },
      );
      for await (const report of run) {
        if (report.phase !== "likelihood") break;
        return { flow: copy, before, report, isNext: resume !== undefined || config.warm === 0 };
      }
    } catch (error) {
      copy.dispose();
      throw error;
    }
    copy.dispose();
  }
  throw new FjordError("aborted", "The step was left before its end.");
}

async function copyOf(flow: Flow): Promise<Flow> {
  const { device, field, solver, seed, trainT, standardisation } = flow;
  const [params, T] = await Promise.all([flow.params(), flow.T()]);
  return cnf(device, {
    ...solver,
    field,
    params,
    T,
    trainT,
    seed,
    ...(standardisation && { standardisation }),
  });
}

interface Own {
  readonly flow: Flow;
  readonly T: number;
  readonly params: Float32Array;
  readonly regularise: SolveOptions["regularise"];
  readonly signal: AbortSignal;
}

type Walk = Pick<SlowStep, "path" | "times" | "dots" | "pull" | "gathered" | "logProb">;

/** To the noise by the flow's own solver, then back through its steps one by one. */
async function walk({ flow, T, params, regularise, signal }: Own, batch: Float32Array): Promise<Walk> {
  const { mean, std } = scalingOf(flow);
  const count = batch.length / 2;
  const z0 = batch.map((x, i) => (x - mean[i % 2]!) / std[i % 2]!);
  const run = async (options: Partial<SolveOptions> & Pick<SolveOptions, "z0" | "t0" | "t1">) => {
    const { field, solver } = flow;
    // Layered: all points take the same steps, so that one list of times is true of each.
    const trace = { kind: "exact" } as const;
    const result = await solve(flow.device, {
      ...solver,
      path: "layered",
      field,
      params,
      trace,
      signal,
      ...options,
    });
    if (result.status !== "ok") throw new FjordError("solve-failed", result.message);
    return result;
  };
  const forward = await run({ z0, t0: 0, t1: T, record: "steps" });
  const states = [z0, ...forward.recorded.map(({ z }) => z)];
  const times = [0, ...forward.recorded.map(({ t }) => t)];
  const frames = Array.from({ length: FRAMES }, (_, i) => (T * i) / (FRAMES - 1));
  const smooth = await run({ z0: z0.slice(0, 2 * SHOWN), t0: 0, t1: T, record: { times: frames } });

  const scale = Math.log(std[0] * std[1]);
  const logProb = Float32Array.from({ length: count }, (_, i) => {
    const square = forward.z[2 * i]! ** 2 + forward.z[2 * i + 1]! ** 2;
    return -square / 2 - LOG_2_PI - forward.delta![i]! - scale;
  });

  // The reverse sweep of the discrete adjoint, cut where the solver's steps are: what one step hands to the one before
  // it is ∂L/∂z between the two, and the gradient of the weights is the sum over all.
  let bar: Float32Array = forward.z.map((z) => z / count);
  const delta = new Float32Array(count).fill(1 / count);
  const bars = [bar];
  const total = new Float64Array(params.length);
  const gathered = [0];
  for (let k = times.length - 2; k >= 0; k--) {
    const [t0, t1] = [times[k]!, times[k + 1]!];
    // One fixed step of the same method: tolerances and step sizes are those of adaptive steps.
    const { method } = flow.solver;
    const step = await solve(flow.device, {
      method,
      steps: 1,
      path: "layered",
      field: flow.field,
      params,
      z0: states[k]!,
      t0,
      t1,
      trace: { kind: "exact" },
      gradient: "discrete",
      regularise,
      signal,
    });
    try {
      const gradient = await step.backward({ z: bar, delta }, signal);
      bar = gradient.z0;
      for (const [i, value] of gradient.params.entries()) total[i]! += value;
    } finally {
      step.dispose();
    }
    bars.unshift(bar);
    gathered.unshift(norm(total));
  }

  const shown = (points: Float32Array) => points.slice(0, 2 * SHOWN);
  const placed = (points: Float32Array) => shown(points).map((z, i) => z * std[i % 2]! + mean[i % 2]!);
  return {
    path: smooth.recorded.map(({ z }) => placed(z)),
    times,
    dots: states.map(placed),
    pull: bars.map((all) => shown(all).map((value, i) => (-value * count) / std[i % 2]!)),
    gathered,
    logProb,
  };
}

function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
  return Math.sqrt(sum);
}

function meanOf(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
