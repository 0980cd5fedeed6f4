/**
 * The continuous normalizing flow (FFJORD, arXiv:1810.01367): dz/dt = f(t, z; θ) carries data at t = 0 to the base
 * N(0, I) at t = T, and log p(x) = log N(z(T); 0, I) + log |det ∂z/∂x|.
 */
import type { MlpField } from "../field/mlp.js";
import { initialParams } from "../field/mlp.js";
import { type TraceOptions, tracePlan, trainingTrace } from "../field/trace.js";
import { Weights } from "../field/weights.js";
import { type Buffer, BufferGroup } from "../gpu/buffer.js";
import type { Device } from "../gpu/device.js";
import { ArgumentError, FjordError, integerIn } from "../gpu/errors.js";
import { trainingSolve } from "../ode/paths.js";
import { type StepPlan, stepPlan } from "../ode/plan.js";
import { checkFinite, type GradientOptions } from "../ode/solve.js";
import { PURPOSE, randomNormal } from "../tensor/random.js";
import {
  backwardPlan,
  type CnfOptions,
  checkCnf,
  checkStandardisation,
  type SolverConfig,
  type Standardisation,
  solverConfig,
} from "./config.js";
import { type ChunkResult, Evaluator } from "./evaluator.js";
import type { Explanation } from "./explain.js";
import { writeModel } from "./model-file.js";

export interface CallOptions {
  signal?: AbortSignal;
  /** Trace of this call; default that of the flow. */
  trace?: TraceOptions;
  /**
   * Where the points on the data's side are in time, within [0, T]; default 0, the data. At t > 0 the flow's own
   * points on their way: p_t is the density of base points that were carried from T back to t.
   */
  at?: number;
  /** Rows done so far, of all. */
  onProgress?: (done: number, total: number) => void;
}

export interface ExplainOptions {
  /** Rows of the call, or of the training step; default 512. */
  batch?: number;
  /** Default that of the flow; of a training step, that of training. */
  trace?: TraceOptions;
  /** Explain a step of `train` with the flow's solver: its solve and the reverse solve. Default false. */
  training?: boolean;
  /** How the training step goes back; default "discrete". */
  gradient?: GradientOptions;
}

/** Steps that an adaptive solve of a training step has room for at first. */
const KEPT_STEPS = 17;
const NO_WORK = { accepted: 0, rejected: 0, nfe: 0 };
const LOG_2_PI = Math.log(2 * Math.PI);

/** GPU side of a flow, made at first use. */
export interface FlowState {
  readonly weights: Weights;
  /** f32 [2]: 0, T. */
  readonly interval: Buffer;
  readonly evaluator: Evaluator;
}

/** A flow on a device; made by {@link cnf}. Every call may be made at any time, also while training runs. */
export class Flow {
  readonly field: MlpField;
  readonly dim: number;
  readonly seed: number;
  readonly trainT: boolean;
  readonly solver: SolverConfig;
  readonly plan: StepPlan;
  readonly trace: TraceOptions;
  /** See CnfOptions. */
  readonly uses: number;
  /** Of the last solve, the largest over its chunks. */
  lastStats: ChunkResult["stats"] | undefined;
  #standardisation: Standardisation | undefined;
  #state: Promise<FlowState> | undefined;
  readonly #start: { params: Float32Array; T: number };
  readonly #buffers = new BufferGroup();
  #disposed = false;

  constructor(
    readonly device: Device,
    options: CnfOptions,
  ) {
    checkCnf(options);
    this.field = options.field;
    this.dim = options.field.dim;
    this.seed = options.seed ?? 0;
    this.trainT = options.trainT ?? false;
    this.solver = solverConfig(options);
    this.plan = stepPlan(options);
    this.trace = options.trace ?? { kind: "exact" };
    this.uses = options.uses ?? 1;
    this.#standardisation = options.standardisation;
    const params = options.params?.slice() ?? initialParams(options.field.spec, this.seed);
    this.#start = { params, T: options.T ?? 1 };
  }

  /** What was changed of the request, e.g. a tolerance below the f32 floor. */
  get warnings(): readonly string[] {
    return this.plan.warnings;
  }

  /** Scaling of the data in front of the flow; set by training, or by hand before it. */
  get standardisation(): Standardisation | undefined {
    return this.#standardisation;
  }

  set standardisation(value: Standardisation | undefined) {
    if (value) checkStandardisation(value, this.dim);
    this.#standardisation = value;
  }

  /** The GPU side, for training. @internal */
  state(): Promise<FlowState> {
    if (this.#disposed) throw new FjordError("disposed", "The flow was used after dispose().");
    if (!this.#state) {
      const made = this.#create();
      // What failed is not remembered: the next call tries again.
      made.catch(() => {
        this.#buffers.dispose();
        if (this.#state === made) this.#state = undefined;
      });
      this.#state = made;
    }
    return this.#state;
  }

  async #create(): Promise<FlowState> {
    const { device, field, plan } = this;
    const { params, T } = this.#start;
    // τ with T = τ² stands behind θ: the optimiser sees one vector.
    const weights = this.#buffers.add(await Weights.create(device, field.spec, params, [Math.sqrt(T)]));
    const interval = this.#buffers.add(
      device.buffer({ label: "flow interval", data: new Float32Array([0, T]) }),
    );
    const evaluator = this.#buffers.add(new Evaluator(device, weights, plan, interval, this.uses));
    return { weights, interval, evaluator };
  }

  /** θ [P]. */
  async params(): Promise<Float32Array> {
    return (await this.state()).weights.read();
  }

  /** Replaces θ. @throws ArgumentError when the length is wrong */
  async setParams(values: Float32Array): Promise<void> {
    (await this.state()).weights.write(values);
  }

  /** End of the integration, as trained so far. */
  async T(): Promise<number> {
    const { interval } = await this.state();
    return (await this.device.readF32(interval))[1]!;
  }

  /**
   * How a solve of `batch` rows would be carried out, why, and what each path that takes it costs on this device: each
   * is run three times, to warm up, for its time, and for that of its kernels. Print `text`, or read the numbers.
   * @throws ArgumentError, DeviceLostError, FjordError `solve-failed` (a training step's solve without an end)
   */
  async explain(options: ExplainOptions = {}): Promise<Explanation & { text: string }> {
    const batch = integerIn("batch", options.batch ?? 512, 1, 1 << 20);
    const { training = false, gradient = "discrete" } = options;
    const backward = backwardPlan(this.solver, gradient);
    const { weights, evaluator } = await this.state();
    const { device, plan, uses, dim } = this;
    const { explainSolve, explanationText } = await import("./explain.js");
    const asked = options.trace ?? (training ? trainingTrace(dim) : this.trace);
    const rows = training ? batch : Math.min(batch, evaluator.rowsPerSolve(asked));
    const shape = { batch: rows, plan, trace: tracePlan(asked, dim, rows) };
    const solve = training ? trainingSolve(shape, backward, KEPT_STEPS) : { ...shape, uses };
    const told = await explainSolve(device, weights, { batch, options: solve, training, T: await this.T() });
    return { ...told, text: explanationText(told) };
  }

  /**
   * log p(x) in nats, [n], or log p_t(x) with `at`. No points: an empty result.
   * @param points [n, D], row-major
   * @throws ArgumentError (length, time), DataError (NaN, with its row), FjordError `solve-failed`, `aborted`, DeviceLostError
   */
  async logProb(points: Float32Array, options: CallOptions = {}): Promise<Float32Array> {
    const { z, logDet } = await this.transform(points, options);
    const { dim } = this;
    return logDet.map((value, row) => {
      let square = 0;
      for (let d = 0; d < dim; d++) square += z[row * dim + d]! ** 2;
      return value - 0.5 * (square + dim * LOG_2_PI);
    });
  }

  /** Data (or points at the time `at`) → base: z [n, D] and log |det ∂z/∂x| [n]. */
  async transform(
    points: Float32Array,
    options: CallOptions = {},
  ): Promise<{ z: Float32Array; logDet: Float32Array }> {
    this.#checkPoints("points", points);
    if (points.length === 0) return { z: new Float32Array(), logDet: new Float32Array() };
    const { z, delta } = await this.#solve(this.#scaled(points), true, options);
    const scale = this.#logScale();
    return { z, logDet: delta.map((value) => -value - scale) };
  }

  /** Base → data (or to the time `at`): x [n, D] and log |det ∂x/∂z| [n]. */
  async inverse(
    z: Float32Array,
    options: CallOptions = {},
  ): Promise<{ x: Float32Array; logDet: Float32Array }> {
    this.#checkPoints("z", z);
    if (z.length === 0) return { x: new Float32Array(), logDet: new Float32Array() };
    const solved = await this.#solve(z, false, options);
    const scale = this.#logScale();
    return { x: this.#unscaled(solved.z), logDet: solved.delta.map((value) => -value + scale) };
  }

  /** n samples of the flow, [n, D]: the same for the same seed and parameters. n = 0: an empty result. */
  async sample(n: number, options: { seed?: number; signal?: AbortSignal } = {}): Promise<Float32Array> {
    const base = this.baseOf(n, options.seed);
    if (n === 0) return new Float32Array();
    const { evaluator } = await this.state();
    const { z, stats } = await evaluator.run({ points: base, forward: false, signal: options.signal });
    this.lastStats = stats;
    return this.#unscaled(z);
  }

  /** The base points [n, D] that `sample` carries to data. @throws ArgumentError for a bad n or seed */
  baseOf(n: number, seed = 0): Float32Array {
    integerIn("n", n, 0, 2 ** 28);
    return randomNormal(n * this.dim, { seed: integerIn("seed", seed, 0), purpose: PURPOSE.base, step: 0 });
  }

  /**
   * Base points on their way to data: one [n, D] for each time, T being the base and 0 data, in data coordinates.
   * @param times within [0, T] @throws ArgumentError naming a time outside
   */
  async trajectory(
    z: Float32Array,
    times: readonly number[],
    options: { signal?: AbortSignal } = {},
  ): Promise<Float32Array[]> {
    this.#checkPoints("z", z);
    const T = await this.T();
    checkTimes("times", times, T);
    if (z.length === 0 || times.length === 0) return times.map(() => new Float32Array());
    const { evaluator } = await this.state();
    const { recorded, stats } = await evaluator.run({
      points: z,
      forward: false,
      times,
      signal: options.signal,
    });
    this.lastStats = stats;
    return recorded.map((frame) => this.#unscaled(frame));
  }

  /**
   * The model as a safetensors file: θ by tensor name, T, standardisation, and the configuration in its metadata.
   * In Node the bytes are also written to `path`.
   */
  async save(path?: string): Promise<Uint8Array> {
    const { field, solver, trainT, seed, standardisation } = this;
    const learned = { params: await this.params(), T: await this.T() };
    const bytes = writeModel({ ...solver, ...learned, field, trainT, seed, standardisation });
    if (path !== undefined) {
      const fileSystem = "node:fs/promises";
      const { writeFile } = (await import(
        /* @vite-ignore */ fileSystem
      )) as typeof import("node:fs/promises");
      await writeFile(path, bytes);
    }
    return bytes;
  }

  async #solve(points: Float32Array, forward: boolean, options: CallOptions): Promise<ChunkResult> {
    const { evaluator } = await this.state();
    const trace = options.trace ?? this.trace;
    if (options.at !== undefined) {
      const T = await this.T();
      checkTimes("at", [options.at], T);
      // Adaptive steps have nothing to measure over an empty interval.
      if (Math.fround(options.at) === T)
        return { z: points, delta: new Float32Array(points.length / this.dim), recorded: [], stats: NO_WORK };
    }
    const result = await evaluator.run({ points, forward, ...options, trace });
    this.lastStats = result.stats;
    return result;
  }

  #checkPoints(what: string, points: Float32Array): void {
    if (points.length % this.dim !== 0) {
      throw new ArgumentError(
        `${what} has ${points.length} entries.`,
        `It must be [n, ${this.dim}], row-major.`,
      );
    }
    checkFinite(what, points, this.dim);
  }

  /** Σ ln std: what the scaling takes from log |det ∂z/∂x|. */
  #logScale(): number {
    return this.#standardisation?.std.reduce((sum, value) => sum + Math.log(value), 0) ?? 0;
  }

  #scaled(points: Float32Array): Float32Array {
    const scaling = this.#standardisation;
    if (!scaling) return points;
    return points.map((x, i) => (x - scaling.mean[i % this.dim]!) / scaling.std[i % this.dim]!);
  }

  #unscaled(points: Float32Array): Float32Array {
    const scaling = this.#standardisation;
    if (!scaling) return points;
    return points.map((s, i) => s * scaling.std[i % this.dim]! + scaling.mean[i % this.dim]!);
  }

  /** Frees the GPU memory. Calling it again does nothing. */
  dispose(): void {
    this.#disposed = true;
    const made = this.#state;
    if (made) made.then(() => this.#buffers.dispose()).catch(() => {});
    this.#state = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** @throws ArgumentError naming a time outside [0, T] */
export function checkTimes(what: string, times: readonly number[], T: number): void {
  // T is known to f32: 0.7 must count as the end of a flow that was made with 0.7.
  const outside = times.find((t) => !(t >= 0 && Math.fround(t) <= T));
  if (outside === undefined) return;
  const held = what === "times" ? "times holds" : `${what} is`;
  throw new ArgumentError(`${held} ${outside}.`, `Times must lie in [0, ${T}].`);
}

/**
 * Makes a flow. Nothing runs on the GPU until its first call.
 * @throws ArgumentError naming a value out of range (T ≤ 0, an unknown method, …)
 */
export function cnf(device: Device, options: CnfOptions): Flow {
  return new Flow(device, options);
}
