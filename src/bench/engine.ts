/** The workloads on this engine, through its public API. */
import {
  cnf,
  type Device,
  data,
  type Flow,
  ops,
  type StepOptions,
  solve,
  type Tensor,
  type TrainOptions,
  type TrainReport,
  tensor,
  train,
} from "../index.js";
import { FUSED_LIMITS } from "../ode/fused-plan.js";
import { gridOf, type Problem, problemOf } from "./problem.js";
import type { Runner } from "./timing.js";
import type { FlowShape, FlowWorkload, ProductSize, TrainWorkload } from "./workloads.js";

/** @param rkSteps steps of a solve with fixed steps; those of the workload or fewer */
export function workloadRunner(device: Device, workload: FlowWorkload, rkSteps: number): Runner {
  const shape = { ...workload.shape, rkSteps };
  switch (workload.kind) {
    case "train":
      return new TrainRunner(device, { ...workload, shape });
    case "density":
      return callRunner(
        device,
        shape,
        async (flow, points) => {
          await flow.logProb(points, { trace: { kind: "exact" } });
        },
        gridOf(workload.grid),
      );
    case "sample":
      return callRunner(device, shape, async (flow) => {
        await flow.sample(workload.count, { seed: 1 });
      });
  }
}

export function stepOptions({ method, rkSteps, tolerance }: FlowShape): StepOptions {
  return rkSteps > 0 ? { method, steps: rkSteps } : { method, rtol: tolerance, atol: tolerance };
}

function makeFlow(device: Device, { field, params, shape }: Problem): Flow {
  // What "auto" takes for the whole of these workloads: of a part, timed in its place, it would think less.
  const { width, dim } = FUSED_LIMITS;
  const path = Math.max(...shape.hidden) <= width && shape.dim <= dim ? "fused" : "auto";
  return cnf(device, { field, params, path, ...stepOptions(shape) });
}

function callRunner(
  device: Device,
  shape: FlowShape,
  call: (flow: Flow, points: Float32Array) => Promise<void>,
  points = new Float32Array(),
): Runner {
  const flow = makeFlow(device, problemOf(shape, 2));
  return {
    warm: async () => {},
    burst: async (calls) => {
      for (let i = 0; i < calls; i++) await call(flow, points);
    },
    dispose: () => flow.dispose(),
  };
}

/**
 * Bursts of a training run. Every burst has a run of its own: a run learns from the wall clock how many steps to
 * submit at once, and while other engines have their turn that clock goes on.
 */
export class TrainRunner implements Runner {
  readonly #flow: Flow;
  readonly #dataset: data.Dataset;
  readonly #options: Omit<TrainOptions, "steps">;
  #run: AsyncIterator<TrainReport, void, void> | undefined;
  last: TrainReport | undefined;

  constructor(device: Device, workload: TrainWorkload) {
    const { batch, shape } = workload;
    const problem = problemOf(shape, batch);
    this.#flow = makeFlow(device, problem);
    this.#dataset = data.fromPoints(problem.points, shape.dim, { heldOutFraction: 0 });
    this.#options = {
      batch,
      trace: { kind: "hutchinson" },
      gradient: shape.gradient,
      standardise: false,
      reportEvery: 512,
    };
  }

  /** Makes all that a run needs, and ends it before its first step. */
  async allocate(): Promise<void> {
    const options = { ...this.#options, steps: 1, signal: AbortSignal.abort() };
    for await (const _report of train(this.#flow, this.#dataset, options)) throw new Error("The run began.");
  }

  async warm(calls: number): Promise<void> {
    await this.#end();
    // Nothing is held out, so an evaluation only keeps the run from submitting ahead of its reports.
    const options = { ...this.#options, steps: 3 * calls, evaluateEvery: calls };
    const run = train(this.#flow, this.#dataset, options);
    this.#run = run[Symbol.asyncIterator]();
    await this.#run.next();
  }

  async burst(calls: number): Promise<void> {
    const { value } = await this.#run!.next();
    const report = value as TrainReport;
    if (report.losses.length !== calls)
      throw new Error(`A burst of ${calls} had ${report.losses.length} steps.`);
    this.last = report;
  }

  async #end(): Promise<void> {
    await this.#run?.return?.();
    this.#run = undefined;
  }

  async dispose(): Promise<void> {
    await this.#end();
    this.#flow.dispose();
  }
}

/** Products of the same two matrices, each into memory of its own, as the tensor layer makes them. */
export async function productRunner(device: Device, { m, n, k }: ProductSize): Promise<Runner> {
  const a = tensor(device, matrix(m, k, 1), [m, k]);
  const b = tensor(device, matrix(k, n, 2), [k, n]);
  return {
    warm: async () => {},
    burst: async (calls) => {
      const results: Tensor[] = [];
      for (let i = 0; i < calls; i++) results.push(await ops.matmul(a, b));
      await device.finished();
      for (const result of results) result.dispose();
    },
    dispose: () => {
      a.dispose();
      b.dispose();
    },
  };
}

/** Entries in ±1 with every period but the matrix's own. */
export function matrix(rows: number, columns: number, seed: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(seed + i * 12.9898));
}

/** Mean NLL in nats over the problem's points, and its gradient by θ [P], with the problem's probes. */
export async function lossAndGradient(
  device: Device,
  { shape, field, params, points, probes }: Problem,
): Promise<{ loss: number; gradient: Float32Array }> {
  const rows = points.length / shape.dim;
  const solved = await solve(device, {
    field,
    params,
    z0: points,
    t0: 0,
    t1: 1,
    trace: { kind: "hutchinson", epsilon: probes },
    gradient: shape.gradient,
    ...stepOptions(shape),
  });
  const { z, delta } = solved;
  const squares = z.reduce((sum, value) => sum + value * value, 0);
  const loss =
    (0.5 * squares + delta!.reduce((sum, value) => sum + value, 0)) / rows +
    0.5 * shape.dim * Math.log(2 * Math.PI);
  const cotangent = { z: z.map((value) => value / rows), delta: new Float32Array(rows).fill(1 / rows) };
  const { params: gradient } = await solved.backward(cotangent);
  solved.dispose();
  return { loss, gradient };
}

/** log p [rows] of the problem's points with the exact trace. */
export async function logDensity(
  device: Device,
  problem: Problem,
  points: Float32Array,
): Promise<Float32Array> {
  const flow = makeFlow(device, problem);
  const values = await flow.logProb(points, { trace: { kind: "exact" } });
  flow.dispose();
  return values;
}

/** Where base points [rows, D] end up in data space. */
export async function carried(device: Device, problem: Problem, base: Float32Array): Promise<Float32Array> {
  const flow = makeFlow(device, problem);
  const { x } = await flow.inverse(base);
  flow.dispose();
  return x;
}
