/**
 * Runge–Kutta steps on the GPU, for whatever field: buffers, and the commands of a beginning and of a step.
 * A step is the same list of dispatches every time; the control block says where in time it is, and turns every
 * kernel off once the solve is done. So the CPU can submit steps ahead without knowing how many are needed.
 *
 * State [N]: planes × B × D (N_z), then, 256-byte aligned, Δ [B] where there is a trace.
 */

import type { FieldProgram, StagePlace } from "../field/program.js";
import { planesView } from "../field/program.js";
import { commit as commitModule } from "../generated/ode/commit.js";
import { control as controlModule } from "../generated/ode/control.js";
import { finish as finishModule } from "../generated/ode/finish.js";
import { norm as normModule } from "../generated/ode/norm.js";
import { stage as stageModule } from "../generated/ode/stage.js";
import { alignWords, type Bindable, type Buffer, BufferGroup } from "../gpu/buffer.js";
import type { Device } from "../gpu/device.js";
import type { KernelOf } from "../gpu/kernel.js";
import { type Command, foldedGrid } from "../gpu/submit.js";
import { CONTROL_BYTES, plannedSettings, SETTINGS_BYTES, settingsBytes } from "./control.js";
import type { Method } from "./methods.js";
import { denseWeights, type StepPlan, withEndSlope } from "./plan.js";

export interface StepperOptions {
  readonly plan: StepPlan;
  /** The state carries Δ. */
  readonly trace: boolean;
  /** Keep every stage's point of this many accepted steps (discrete adjoint); 0: none. */
  readonly keep: number;
  /** Record at this many times, or the states after this many accepted steps. */
  readonly record?: { readonly times: number } | { readonly steps: number };
  /** Further planes count in the error norm (a cotangent does, tangents do not). */
  readonly furtherPlanesCount: boolean;
  /** The derivative at the start of a step may be the last stage of the step before. */
  readonly reuseLastStage: boolean;
  /** Evaluations outside begin() and step(), to be counted with theirs. */
  readonly extraEvaluations?: number;
  /** Runs between the decision about a step and the next one. */
  readonly onStep?: readonly Command[];
}

export class Stepper {
  readonly method: Method;
  readonly stateSize: number;
  readonly deltaAt: number;
  readonly state: Buffer;
  readonly control: Buffer;
  readonly interval: Buffer;
  /** vec4 [capacity]: t, h, τ, fraction of the accepted steps. */
  readonly steps: Buffer;
  readonly kept: Buffer;
  readonly times: Buffer;
  readonly recorded: Buffer;
  /** f32 [1]: absolute tolerance of the further planes, relative to atol. */
  readonly scale: Buffer;
  readonly #next: Buffer;
  readonly #k: Buffer;
  readonly #partial: Buffer;
  readonly #settings: Buffer;
  readonly #kStride: number;
  readonly #count: number;
  readonly #total: number;
  #program: FieldProgram | undefined;

  private constructor(
    readonly device: Device,
    readonly options: StepperOptions,
    readonly shape: { readonly batch: number; readonly dim: number; readonly planes: number },
    private readonly kernels: Kernels,
    private readonly buffers: BufferGroup,
  ) {
    const { plan, record, trace, keep } = options;
    const { batch, dim, planes } = shape;
    const needsEndSlope = record !== undefined && "times" in record;
    const method = needsEndSlope ? withEndSlope(plan.method) : plan.method;
    this.method = options.reuseLastStage ? method : { ...method, fsal: false };
    this.#count = planes * batch * dim;
    this.deltaAt = alignWords(this.#count);
    this.#total = trace ? this.deltaAt + batch : this.#count;
    this.stateSize = this.#total;
    this.#kStride = alignWords(this.#total);
    const make = (label: string, words: number) =>
      this.buffers.add(device.buffer({ label: `solve ${label}`, size: Math.max(words, 4) * 4 }));
    this.state = make("state", this.#total);
    this.#next = make("next state", this.#total);
    // The first-step rule needs two derivatives.
    this.#k = make("stages", Math.max(2, this.method.stages) * this.#kStride);
    this.#partial = make("norm sums", 6 * this.#groups);
    this.control = make("control", CONTROL_BYTES / 4);
    this.#settings = make("settings", SETTINGS_BYTES / 4);
    this.interval = make("interval", 4);
    this.steps = make("steps", 4 * Math.max(keep, record && "steps" in record ? record.steps : 0));
    this.kept = make("kept points", keep * this.method.stages * this.#count);
    this.times = make("times", record && "times" in record ? record.times : 0);
    const records = record === undefined ? 0 : "times" in record ? record.times : record.steps;
    this.recorded = make("records", records * this.#total);
    this.scale = this.buffers.add(device.buffer({ label: "solve scale", data: new Float32Array([1]) }));
    device.write(this.#settings, this.#settingsBytes());
  }

  /** @throws FjordError `limit-exceeded`, leaving nothing allocated */
  static async create(
    device: Device,
    options: StepperOptions,
    shape: { batch: number; dim: number; planes: number },
  ): Promise<Stepper> {
    const { plan, record, keep } = options;
    const adaptive = plan.fixedSteps === 0 ? 1 : 0;
    const RECORD = record === undefined ? 0 : "times" in record ? 1 : 2;
    const fsal = options.reuseLastStage && (plan.method.fsal || RECORD === 1) ? 1 : 0;
    const control = (entry: "begin" | "first_guess" | "first_step" | "advance" | "decide") =>
      device.kernel(controlModule, entry);
    const [stage, absorb, finish, norm, difference, commit, begin, guess, first, decide] = await Promise.all([
      device.kernel(stageModule, "main", { KEEP: keep > 0 ? 1 : 0 }),
      device.kernel(stageModule, "main", { KEEP: 0 }),
      device.kernel(finishModule, "main", { ADAPTIVE: adaptive }),
      device.kernel(normModule, "main", { SECOND: 0 }),
      device.kernel(normModule, "main", { SECOND: 1 }),
      device.kernel(commitModule, "main", { FSAL: fsal, RECORD }),
      control("begin"),
      control("first_guess"),
      control("first_step"),
      control(adaptive ? "decide" : "advance"),
    ]);
    const kernels = { stage, absorb, finish, norm, difference, commit, begin, guess, first, decide };
    return BufferGroup.filled((buffers) => new Stepper(device, options, shape, kernels as Kernels, buffers));
  }

  /** The field to integrate; it was made with this stepper's control block. */
  use(program: FieldProgram): void {
    this.#program = program;
  }

  /** Δ of the state, f32 [B]. */
  get delta() {
    return this.state.words(this.deltaAt, this.shape.batch);
  }

  /** Evaluations in each step tried. */
  get evaluationsPerStep(): number {
    return this.method.fsal ? this.method.stages - 1 : this.method.stages;
  }

  /** Before the first step: the control block, the first slope, the length of the first step. */
  begin(): Command[] {
    const { kernels } = this;
    const { plan } = this.options;
    const commands: Command[] = [this.#steer(kernels.begin)];
    const adaptive = plan.fixedSteps === 0;
    const byRule = adaptive && plan.firstStep === 0;
    if (!this.method.fsal && !byRule) return commands;
    commands.push(this.#point(0), ...this.#evaluate(0), this.#absorb(1));
    if (!byRule) return commands;
    const { state, control, scale } = this;
    const params = { ...this.#layout(), rtol: plan.rtol, atol: plan.atol };
    const operands = { params, control, state, k: this.#k, scale, partial: this.#partial };
    const grid = foldedGrid(this.#groups);
    return [
      ...commands,
      kernels.norm.bind(operands, grid),
      this.#steer(kernels.guess),
      this.#point(1, [1]),
      ...this.#evaluate(1, 1),
      this.#absorb(2),
      kernels.difference.bind(operands, grid),
      this.#steer(kernels.first),
    ];
  }

  /** The control block at t0 and one evaluation there, for what wants the derivative at the start. */
  beginAt0(): Command[] {
    return [this.#steer(this.kernels.begin), this.#point(0), ...this.#evaluate(0)];
  }

  /** One step tried. */
  step(): Command[] {
    const { method, kernels } = this;
    const commands: Command[] = [];
    // With FSAL the first derivative is there; its point is z_n, which the discrete adjoint still wants kept.
    if (!method.fsal || this.options.keep > 0) commands.push(this.#point(0));
    if (!method.fsal) commands.push(...this.#evaluate(0));
    for (let i = 1; i < method.stages; i++) {
      // Stage 1 takes in stage 0's derivative, unless FSAL put it there long ago.
      commands.push(this.#point(i, method.a[i]!, i === 1 && method.fsal), ...this.#evaluate(i));
    }
    commands.push(this.#absorb(method.stages, method.stages === 1 && method.fsal), this.#finish());
    commands.push(this.#steer(kernels.decide), ...(this.options.onStep ?? []), this.#commit());
    return commands;
  }

  dispose(): void {
    this.buffers.dispose();
  }

  get #groups(): number {
    return Math.ceil(this.#total / 128);
  }

  #layout() {
    const { batch, dim } = this.shape;
    return {
      count: this.#count,
      plane: batch * dim,
      delta_at: this.deltaAt,
      total: this.#total,
      k_stride: this.#kStride,
    };
  }

  #evaluate(index: number, c = this.method.c[index]!): Command[] {
    const program = this.#program!;
    const minusTrace = this.options.trace
      ? this.#k.words(index * this.#kStride + this.deltaAt, this.shape.batch)
      : undefined;
    const place: StagePlace = { index, c, b: this.method.b[index]!, minusTrace };
    return program.evaluate(place);
  }

  /** Takes in the derivative of stage i − 1 (unless it is there already) and forms the point of stage i. */
  #point(i: number, a: readonly number[] = [], derivativeIsThere = false): Command {
    return this.#stage(this.kernels.stage, i, a, 1, derivativeIsThere);
  }

  #absorb(stages: number, derivativeIsThere = false): Command {
    return this.#stage(this.kernels.absorb, stages, [], 0, derivativeIsThere);
  }

  #stage(
    kernel: Kernels["stage"],
    stage: number,
    a: readonly number[],
    storePoint: 0 | 1,
    there: boolean,
  ): Command {
    const { batch, dim } = this.shape;
    const program = this.#program!;
    const params = {
      count: this.#count,
      plane: batch * dim,
      dim,
      ld: program.input.ld,
      stage,
      stages: this.method.stages,
      k_stride: this.#kStride,
      from_plane: program.output.plane,
      to_plane: program.input.plane,
      store_point: storePoint,
      keep_capacity: this.options.keep,
      absorb: there ? 0 : 1,
      a: [...a, ...new Array<number>(16 - a.length).fill(0)],
    };
    const { control, state, kept } = this;
    const derivative = planesView(program.output);
    const point = planesView(program.input);
    const grid = foldedGrid(Math.ceil(this.#count / 64));
    return kernel.bind({ params, control, state, k: this.#k, derivative, point, kept }, grid);
  }

  #finish(): Command {
    const { plan } = this.options;
    const { method, control, state, scale } = this;
    const row = (weights: readonly number[]) => [
      ...weights,
      ...new Array<number>(16 - weights.length).fill(0),
    ];
    const params = {
      ...this.#layout(),
      stages: method.stages,
      rtol: plan.rtol,
      atol: plan.atol,
      b: row(method.b),
      e: row(method.e ?? []),
    };
    const operands = { params, control, state, k: this.#k, scale, next: this.#next, partial: this.#partial };
    return this.kernels.finish.bind(operands, foldedGrid(this.#groups));
  }

  #commit(): Command {
    const { method, control, state, times, recorded } = this;
    const { record } = this.options;
    const dense = record && "times" in record ? denseWeights(method) : [];
    const params = {
      total: this.#total,
      stages: method.stages,
      k_stride: this.#kStride,
      times: record && "times" in record ? record.times : 0,
      capacity: record && "steps" in record ? record.steps : 0,
      dense: dense.flatMap((weights) => [0, 1, 2, 3, 4, 5, 6, 7].map((m) => weights[m] ?? 0)),
    };
    const operands = { params, control, state, next: this.#next, k: this.#k, times, recorded };
    return this.kernels.commit.bind(operands, foldedGrid(Math.ceil(this.#total / 64)));
  }

  #steer(kernel: Kernels["begin"]): Command {
    const { control, interval, steps } = this;
    const operands = { settings: this.#settings, control, interval, partial: this.#partial, steps };
    return kernel.bind(operands, [1, 1, 1]);
  }

  #settingsBytes(): Uint8Array {
    const { plan, furtherPlanesCount, trace, keep } = this.options;
    const { batch, dim, planes } = this.shape;
    const byRule = plan.fixedSteps === 0 && plan.firstStep === 0;
    return settingsBytes({
      ...plannedSettings(plan),
      maxAccepted: keep > 0 ? Math.min(keep, plan.maxSteps) : plan.maxSteps,
      nfeBegin: (byRule ? 2 : this.method.fsal ? 1 : 0) + (this.options.extraEvaluations ?? 0),
      nfeStep: this.evaluationsPerStep,
      counts: [batch * dim, furtherPlanesCount ? (planes - 1) * batch * dim : 0, trace ? batch : 0],
      groups: this.#groups,
    });
  }
}

interface Kernels {
  readonly stage: KernelOf<typeof stageModule, "main">;
  readonly absorb: KernelOf<typeof stageModule, "main">;
  readonly finish: KernelOf<typeof finishModule, "main">;
  readonly norm: KernelOf<typeof normModule, "main">;
  readonly difference: KernelOf<typeof normModule, "main">;
  readonly commit: KernelOf<typeof commitModule, "main">;
  readonly begin: SteeringKernel;
  readonly guess: SteeringKernel;
  readonly first: SteeringKernel;
  readonly decide: SteeringKernel;
}

/** The entry points of control.wgsl use different bindings of one set: each takes what it needs of it. */
type SteeringKernel = Pick<KernelOf<typeof controlModule, "decide">, "label"> & {
  bind(
    values: Record<"settings" | "control" | "interval" | "partial" | "steps", Bindable>,
    grid: [number, number, number],
  ): Command;
};
